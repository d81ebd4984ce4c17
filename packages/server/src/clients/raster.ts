import type { Raster } from './raster-picture.ts'
import { readJpeg } from './raster-jpeg.ts'
import { readPng } from './raster-png.ts'
import { readWebp } from './raster-webp.ts'

/** Widest and highest picture that is shown: more is of no use, and a small file can stand for a vast one. */
const maxSide = 2048

/**
 * Reads a PNG, JPEG or WebP picture by what its bytes say, never by its name; anything else, SVG above all, is none (A-DCR-11,
 * DC-13). Moving pictures stand still or are none. Never throws.
 */
export function readRaster(bytes: Buffer): Raster | undefined {
  const raster = readPng(bytes) ?? readJpeg(bytes) ?? readWebp(bytes)
  if (raster === undefined) return undefined
  const fits = (side: number): boolean => side >= 1 && side <= maxSide
  return fits(raster.width) && fits(raster.height) ? raster : undefined
}
