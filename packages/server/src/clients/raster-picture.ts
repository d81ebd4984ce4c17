import type { LogoType } from '../model/logo.ts'

/** A picture put together anew from the parts that a decoder needs: no comments, no metadata, nothing behind its end. */
export type Raster = {
  readonly mediaType: LogoType
  readonly bytes: Buffer
  readonly width: number
  readonly height: number
}
