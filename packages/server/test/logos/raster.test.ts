import { describe, expect, it } from 'vitest'
import { readRaster } from '../../src/clients/raster.ts'
import { jpeg, losslessWebp, png, pngChunk, pngHeader, pngSignature, webp } from './pictures.ts'

const text = (words: string): Buffer => Buffer.from(words)
const script = '<script>alert(1)</script>'

describe('a picture', () => {
  it('DC-13 is known by its bytes, whatever it is called', () => {
    expect(readRaster(png())).toMatchObject({ mediaType: 'image/png', width: 6, height: 4 })
    expect(readRaster(jpeg)).toMatchObject({ mediaType: 'image/jpeg', width: 6, height: 4 })
    expect(readRaster(webp)).toMatchObject({ mediaType: 'image/webp', width: 6, height: 4 })
    expect(readRaster(losslessWebp)).toMatchObject({ mediaType: 'image/webp', width: 1, height: 1 })
  })

  it('DC-13 is put together anew: nothing beside it, nothing behind it', () => {
    const aside = [pngChunk('tEXt', text(`Comment\0${script}`)), pngChunk('eXIf', text('where it was taken'))]
    expect(readRaster(Buffer.concat([png(6, 4, ...aside), text(script)]))?.bytes).toEqual(png())
    for (const picture of [jpeg, webp]) {
      const plain = readRaster(picture)?.bytes
      const more = readRaster(Buffer.concat([picture, text(script)]))?.bytes
      expect(picture.includes('acsp')).toBe(true)
      expect(plain?.includes('acsp')).toBe(false)
      expect(more).toEqual(plain)
      // What was made here is a picture like any other.
      expect(readRaster(plain ?? Buffer.alloc(0))?.bytes).toEqual(plain)
    }
    const comment = Buffer.concat([jpeg.subarray(0, 2), Buffer.from([0xff, 0xfe, 0, 2 + script.length]), text(script)])
    expect(readRaster(Buffer.concat([comment, jpeg.subarray(2)]))?.bytes).toEqual(readRaster(jpeg)?.bytes)
  })

  it('DC-13 keeps what its colours need', () => {
    const adobe = Buffer.concat([Buffer.from([0xff, 0xee, 0, 14]), text('Adobe'), Buffer.alloc(7)])
    const turned = readRaster(Buffer.concat([jpeg.subarray(0, 2), adobe, jpeg.subarray(2)]))
    expect(turned?.bytes.includes('Adobe')).toBe(true)
    const palette = pngChunk('PLTE', Buffer.alloc(3))
    expect(readRaster(png(6, 4, palette))?.bytes).toEqual(png(6, 4, palette))
  })

  const damaged = Buffer.from(png())
  damaged[30] = (damaged[30] ?? 0) ^ 1
  const moving = Buffer.from(webp)
  moving[20] = 0x02
  const none: readonly (readonly [string, Buffer])[] = [
    ['nothing', Buffer.alloc(0)],
    ['SVG', text(`<svg xmlns="http://www.w3.org/2000/svg">${script}</svg>`)],
    ['SVG behind a mark', text(`\ufeff<?xml version="1.0"?><svg onload="alert(1)"/>`)],
    ['a page', text(`<!doctype html>${script}`)],
    ['GIF', text('GIF89a\x01\0\x01\0\0\0\0;')],
    ['BMP', text('BM\0\0\0\0')],
    ['PNG in name only', Buffer.concat([pngSignature, text(script)])],
    ['PNG with a wrong checksum', damaged],
    ['PNG without pixels', Buffer.concat([pngSignature, pngHeader(6, 4), pngChunk('IEND', Buffer.alloc(0))])],
    ['PNG with two headers', png(6, 4, pngHeader(6, 4))],
    ['PNG cut off', png().subarray(0, -12)],
    ['PNG that is vast', png(2049, 1)],
    ['PNG without width', png(0, 1)],
    ['JPEG cut off', jpeg.subarray(0, -2)],
    ['JPEG that is only a beginning', Buffer.from([0xff, 0xd8, 0xff, 0xd9])],
    ['JPEG of a lossless kind', Buffer.from(jpeg.toString('latin1').replace('\xff\xc0', '\xff\xc3'), 'latin1')],
    ['WebP cut off', webp.subarray(0, -4)],
    ['WebP that moves', moving],
    ['WebP without a picture', Buffer.from('RIFF\x0c\0\0\0WEBPALPH\0\0\0\0', 'latin1')],
  ]
  it.for(none)('DC-13 %s is none', ([, bytes]) => {
    expect(readRaster(bytes)).toBeUndefined()
  })

  it('DC-13 any cut and any changed byte give a picture or none, never a fault', () => {
    for (const picture of [png(), jpeg, webp, losslessWebp]) {
      for (let at = 0; at < picture.length; at++) {
        expect(readRaster(picture.subarray(0, at))).toBeUndefined()
        for (const value of [0, 0xff]) {
          const changed = Buffer.from(picture)
          changed[at] = value
          expect(['object', 'undefined']).toContain(typeof readRaster(changed))
        }
      }
    }
  })
})
