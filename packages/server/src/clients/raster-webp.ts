import type { Raster } from './raster-picture.ts'

type Size = { readonly width: number; readonly height: number }

const animated = 0x02
const alpha = 0x10

/** The key frame of VP8 (RFC 6386 section 9.1). */
function lossySize(data: Buffer): Size | undefined {
  if (data.length < 10 || data.toString('hex', 3, 6) !== '9d012a') return undefined
  return { width: data.readUInt16LE(6) & 0x3fff, height: data.readUInt16LE(8) & 0x3fff }
}

/** The header of VP8L (RFC 9649 section 3.4). */
function losslessSize(data: Buffer): Size | undefined {
  if (data.length < 5 || data[0] !== 0x2f) return undefined
  const bits = data.readUInt32LE(1)
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
}

/** The header of an extended file (RFC 9649 section 2.7) that promises nothing but a canvas and, where it had it, transparency. */
function extendedHeader(data: Buffer): { readonly size: Size; readonly data: Buffer } | undefined {
  const flags = data[0] ?? 0
  if (data.length !== 10 || (flags & animated) !== 0) return undefined
  const size = { width: data.readUIntLE(4, 3) + 1, height: data.readUIntLE(7, 3) + 1 }
  const plain = Buffer.from(data)
  plain[0] = flags & alpha
  plain.fill(0, 1, 4)
  return { size, data: plain }
}

function chunk(type: string, data: Buffer): Buffer {
  const head = Buffer.alloc(8, type, 'latin1')
  head.writeUInt32LE(data.length, 4)
  return Buffer.concat([head, data, Buffer.alloc(data.length % 2)])
}

/** A WebP picture that stands still (RFC 9649): its header, its transparency and its one picture. */
export function readWebp(bytes: Buffer): Raster | undefined {
  if (bytes.length < 20 || bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WEBP')
    return undefined
  const limit = 8 + bytes.readUInt32LE(4)
  if (limit > bytes.length) return undefined
  const parts: Buffer[] = []
  let canvas: Size | undefined
  let at = 12
  while (at + 8 <= limit) {
    const type = bytes.toString('latin1', at, at + 4)
    const end = at + 8 + bytes.readUInt32LE(at + 4)
    if (end > limit) return undefined
    const data = bytes.subarray(at + 8, end)
    if (type === 'VP8X') {
      const header = at === 12 ? extendedHeader(data) : undefined
      if (header === undefined) return undefined
      canvas = header.size
      parts.push(chunk(type, header.data))
    } else if (type === 'ALPH' && canvas !== undefined) parts.push(chunk(type, data))
    else if (type === 'VP8 ' || type === 'VP8L') {
      const size = type === 'VP8 ' ? lossySize(data) : losslessSize(data)
      if (size === undefined) return undefined
      return whole([...parts, chunk(type, data)], canvas ?? size)
    }
    at = end + (end % 2)
  }
  return undefined
}

function whole(parts: readonly Buffer[], size: Size): Raster {
  const body = Buffer.concat([Buffer.from('WEBP'), ...parts])
  const head = Buffer.alloc(8, 'RIFF', 'latin1')
  head.writeUInt32LE(body.length, 4)
  return { mediaType: 'image/webp', bytes: Buffer.concat([head, body]), ...size }
}
