import { createAssets, sallyportBrand } from '@sallyport/accounts'
import { demoAssets } from './assets.ts'
import { markup, trusted, type Child } from './markup.ts'

/** A page of the demo. */
export type DemoPage = {
  readonly title: string
  readonly body: Child
  /** Links at the top. */
  readonly links: readonly { readonly href: string; readonly text: string }[]
  /** A script of the page with the nonce of its policy; the page says everything without it too. */
  readonly script?: { readonly nonce: string; readonly text: string } | undefined
  /** For a page that only says what goes on and then moves on. */
  readonly continueTo?: string | undefined
}

const { light, dark } = sallyportBrand
const shared = createAssets(sallyportBrand)

/** A whole document in the look of the sign-in pages. */
export function demoPage({ title, body, links, script, continueTo }: DemoPage): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${title} – ${sallyportBrand.name}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" content="${light.background}" media="(prefers-color-scheme: light)">
<meta name="theme-color" content="${dark.background}" media="(prefers-color-scheme: dark)">
<meta name="robots" content="noindex">
${continueTo !== undefined && markup`<meta http-equiv="refresh" content="0;url=${continueTo}">`}
<link rel="icon" href="${shared.icon.url}" type="image/svg+xml">
<link rel="stylesheet" href="${shared.style.url}">
<link rel="stylesheet" href="${demoAssets.url}">
</head>
<body class="demo">
<a class="skip" href="#content">Skip to the content</a>
<header class="top"><span class="brand">${trusted(sallyportBrand.logo)}<span>${sallyportBrand.name}</span></span>
<nav aria-label="Demo">${links.map(({ href, text }) => markup`<a href="${href}">${text}</a>`)}</nav></header>
<main id="content" tabindex="-1">
${body}
</main>
${script !== undefined && markup`<script nonce="${script.nonce}">${trusted(script.text)}</script>`}
</body>
</html>
`.toString()
}
