import { crc32 } from 'node:zlib'
import type { Raster } from './raster-picture.ts'

const signature = Buffer.from('89504e470d0a1a0a', 'hex')

/** What a decoder needs; texts, times, profiles and the parts of moving pictures are left out. */
const kept: ReadonlySet<string> = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'])

/** A PNG picture (ISO/IEC 15948 section 5): whole chunks in order, each with its right checksum. */
export function readPng(bytes: Buffer): Raster | undefined {
  if (!bytes.subarray(0, signature.length).equals(signature)) return undefined
  const parts: Buffer[] = [signature]
  let size: { readonly width: number; readonly height: number } | undefined
  let hasData = false
  let at = signature.length
  while (at + 12 <= bytes.length) {
    const end = at + 12 + bytes.readUInt32BE(at)
    if (end > bytes.length || crc32(bytes.subarray(at + 4, end - 4)) !== bytes.readUInt32BE(end - 4)) return undefined
    const type = bytes.toString('latin1', at + 4, at + 8)
    if ((type === 'IHDR') !== (size === undefined)) return undefined
    size ??= { width: bytes.readUInt32BE(at + 8), height: bytes.readUInt32BE(at + 12) }
    if (kept.has(type)) parts.push(bytes.subarray(at, end))
    if (type === 'IDAT') hasData = true
    if (type === 'IEND') return hasData ? { mediaType: 'image/png', bytes: Buffer.concat(parts), ...size } : undefined
    at = end
  }
  return undefined
}
