import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Browser } from 'playwright-core'
import { launchBrowser } from '../../../../scripts/browser.ts'
import { readRaster } from '../../src/clients/raster.ts'
import { jpeg, losslessWebp, png, webp } from '../logos/pictures.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser.close()
})

describe('pictures that were put together anew', () => {
  it.for([
    ['PNG', png(), 6],
    ['JPEG', jpeg, 6],
    ['WebP', webp, 6],
    ['lossless WebP', losslessWebp, 1],
  ] as const)('DC-13 %s is shown by a browser', async ([, picture, width]) => {
    const raster = readRaster(picture)
    const page = await browser.newPage()
    const source = `data:${raster?.mediaType};base64,${raster?.bytes.toString('base64')}`
    await page.setContent(`<img id="logo" src="${source}">`)
    const image = page.locator('#logo')
    await image.evaluate((element) => (element as HTMLImageElement).decode())
    expect(await image.evaluate((element) => (element as HTMLImageElement).naturalWidth)).toBe(width)
    await page.close()
  })
})
