import type { Brand } from '../brand.ts'
import type { MessageKey } from '../messages/en.ts'
import type { Words } from '../messages/words.ts'
import type { Assets } from './assets.ts'
import { markup, trusted, type Child, type Html } from './markup.ts'

/** What every page needs: whose it is, where its files are, and in which language it speaks. */
export type Setting = {
  readonly brand: Brand
  readonly assets: Assets
  readonly words: Words
  /** Path of the issuer without a closing slash; every address of our own begins with it. */
  readonly base: string
}

/** One page: what is going on, in its title, and the content below the name of the house. */
export type PageContent = {
  readonly title: Html
  readonly body: Child
  /** Says so in the title; the page has a problem summary. */
  readonly problem?: boolean
  /** For pages with long lines, such as two addresses side by side. */
  readonly wide?: boolean
}

/** A whole document. Its title says first what is going on, since that is what a screen reader reads first (WCAG 2.4.2). */
export function layout(setting: Setting, content: PageContent): string {
  const { brand, assets, words } = setting
  const spoken = content.problem === true ? words.say('page.error', { title: content.title }) : content.title
  const title = words.say('page.title', { title: spoken, brand: brand.name })
  const page = markup`<!doctype html>
<html lang="${words.language}" dir="${words.direction}">
<head>
<meta charset="utf-8">
<title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" content="${brand.light.background}" media="(prefers-color-scheme: light)">
<meta name="theme-color" content="${brand.dark.background}" media="(prefers-color-scheme: dark)">
<meta name="robots" content="noindex">
<link rel="icon" href="${assets.icon.url}" type="image/svg+xml">
<link rel="stylesheet" href="${assets.style.url}">
</head>
<body${content.wide === true && markup` class="wide"`}>
<header class="brand">${trusted(brand.logo)}<span>${brand.name}</span></header>
<main>
${content.body}
</main>
</body>
</html>
`
  return page.toString()
}

/** A problem with an answer, and the field to mend, where it is one field. */
export type Problem = { readonly key: MessageKey; readonly field?: string | undefined }

/**
 * The summary at the top of a refused form. It takes the focus when the page opens, so that nobody has to look for the
 * reason; no script is needed for that.
 */
export function problemSummary(words: Words, problem: Problem | undefined): Html | undefined {
  if (problem === undefined) return undefined
  const text = words.say(problem.key)
  const line = problem.field === undefined ? text : markup`<a href="#${problem.field}">${text}</a>`
  return markup`<div class="problem" role="alert" tabindex="-1" autofocus aria-labelledby="problem-title">
<h2 id="problem-title">${words.say('problem.title')}</h2>
<p>${line}</p>
</div>`
}

/** Address of a page of ours for one interaction. */
export const pageAddress = (base: string, path: string, interaction: string): string =>
  `${base}${path}?interaction=${encodeURIComponent(interaction)}`

/** Fields that have to come back unseen. */
export const hiddenFields = (fields: Readonly<Record<string, string>>): Html =>
  markup`${Object.entries(fields).map(([name, value]) => markup`<input type="hidden" name="${name}" value="${value}">`)}`
