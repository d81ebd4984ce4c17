import { createAssets, sallyportBrand, type Asset } from '@sallyport/accounts'
import { sha256 } from '@sallyport/protocol'
import { demoStyleSheet } from './style-sheet.ts'

const version = sha256(demoStyleSheet).slice(0, 16)

/** The style sheet that the demo adds to that of the sign-in pages. */
export const demoAssets: Asset = {
  path: '/assets/demo.css',
  version,
  url: `/assets/demo.css?v=${version}`,
  type: 'text/css; charset=utf-8',
  body: demoStyleSheet,
}

const { style, icon } = createAssets(sallyportBrand)

/** Every file the pages of the demo app load. */
export const allAssets: readonly Asset[] = [style, icon, demoAssets]
