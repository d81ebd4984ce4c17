import type { Raster } from './raster-picture.ts'

const start = Buffer.from([0xff, 0xd8])
const end = Buffer.from([0xff, 0xd9])

/** Tables, restart interval, and the frames that browsers show (ITU-T T.81 annex B): baseline, extended and progressive. */
const frames: ReadonlySet<number> = new Set([0xc0, 0xc1, 0xc2])
const tables: ReadonlySet<number> = new Set([0xc4, 0xdb, 0xdd])
const scan = 0xda
/** Says how the colours were turned; without it they come out wrong. */
const adobe = 0xee

/** Application data and comments: profiles, thumbnails, places where a picture was taken. They are left out. */
const isAside = (marker: number): boolean => (marker >= 0xe0 && marker <= 0xef) || marker === 0xfe

/** Where the compressed data that begins at `from` ends: before the next marker that is none of its own. */
function scanEnd(bytes: Buffer, from: number): number {
  let at = bytes.indexOf(0xff, from)
  while (at !== -1 && at + 1 < bytes.length) {
    const next = bytes[at + 1] ?? 0
    if (next !== 0 && !(next >= 0xd0 && next <= 0xd7)) return at
    at = bytes.indexOf(0xff, at + 2)
  }
  return bytes.length
}

const isAdobe = (bytes: Buffer, at: number): boolean => bytes.toString('latin1', at + 4, at + 9) === 'Adobe'

/** A JPEG picture, segment by segment up to its end. */
export function readJpeg(bytes: Buffer): Raster | undefined {
  if (!bytes.subarray(0, 2).equals(start)) return undefined
  const parts: Buffer[] = [start]
  let size: { readonly width: number; readonly height: number } | undefined
  let scanned = false
  let at = 2
  while (at + 4 <= bytes.length || bytes.subarray(at, at + 2).equals(end)) {
    const marker = bytes[at + 1] ?? 0
    if (bytes[at] !== 0xff) return undefined
    if (marker === 0xd9) {
      if (size === undefined || !scanned) return undefined
      return { mediaType: 'image/jpeg', bytes: Buffer.concat([...parts, end]), ...size }
    }
    let next = at + 2 + bytes.readUInt16BE(at + 2)
    if (next > bytes.length || next < at + 4) return undefined
    if (frames.has(marker)) {
      if (size !== undefined || next < at + 10) return undefined
      size = { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) }
    } else if (marker === scan) {
      if (size === undefined) return undefined
      next = scanEnd(bytes, next)
      scanned = true
    } else if (!tables.has(marker) && !isAside(marker)) return undefined
    if (!isAside(marker) || (marker === adobe && isAdobe(bytes, at))) parts.push(bytes.subarray(at, next))
    at = next
  }
  return undefined
}
