import { posix } from 'node:path'
import { sallyportBrand } from '@sallyport/accounts'
import MarkdownIt from 'markdown-it'

/** Pages are Markdown of our own; raw HTML in them is shown as text. */
const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false })

// A wide table scrolls by itself, by keyboard too, so that the page never has to (WCAG 1.4.10, 2.1.1).
markdown.renderer.rules['table_open'] = () => '<div class="table" tabindex="0" role="group" aria-label="Table"><table>'
markdown.renderer.rules['table_close'] = () => '</table></div>'

/** What does not change from page to page. */
export type Site = {
  /** Path below which the documentation is served, such as `/docs`. */
  readonly root: string
  /** Path below which style sheets are served. */
  readonly assets: string
}

/**
 * The address of a link as it is written in a page: `../errors/scope.md#fix` in `guides/first.md` is
 * `/docs/errors/scope#fix`. Links to files of the repository outside the documentation lead nowhere here: `undefined`.
 */
export function siteLink(link: string, name: string, { root }: Pick<Site, 'root'>): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:|^[/#?]/i.test(link)) return link
  const target = posix.normalize(posix.join(posix.dirname(name), link))
  if (target.startsWith('..')) return undefined
  const match = /^([^#?]+)\.md(#.*)?$/.exec(target)
  if (match === null) return link
  const bare = (match[1] ?? '').replace(/(^|\/)(README|index)$/, '')
  return `${root}${bare === '' ? '' : `/${bare}`}${match[2] ?? ''}`
}

/** The fragment of a heading, as links within the pages write it. */
export const fragmentOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

function body(source: string, name: string, site: Site): string {
  // Comments mark what scripts write into a page; they are not for readers.
  const tokens = markdown.parse(source.replaceAll(/<!--[^]*?-->/g, ''), {})
  for (const [index, token] of tokens.entries()) {
    if (token.type === 'heading_open') token.attrSet('id', fragmentOf(tokens[index + 1]?.content ?? ''))
    for (const child of token.children ?? []) {
      const link = child.attrGet('href')
      if (link === null) continue
      const address = siteLink(String(link), name, site)
      if (address === undefined) child.attrs = null
      else child.attrSet('href', address)
    }
  }
  // Text cannot hold this tag, it would be escaped; long lines of code scroll by keyboard too.
  return markdown.renderer.render(tokens, markdown.options, {}).replaceAll('<pre>', '<pre tabindex="0">')
}

const escape = (text: string): string => markdown.utils.escapeHtml(text)

/** A whole page of the documentation; `name` is its path inside the folder. */
export function renderPage(source: string, name: string, site: Site): string {
  const title = /^# (.+)$/m.exec(source)?.[1] ?? 'Documentation'
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${escape(title)} – ${escape(sallyportBrand.name)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="${site.assets}/sallyport.svg" type="image/svg+xml">
<link rel="stylesheet" href="${site.assets}/sallyport.css">
<link rel="stylesheet" href="${site.assets}/documentation.css">
</head>
<body class="wide document">
<header class="brand"><a href="${site.root}">${sallyportBrand.logo}<span>${escape(sallyportBrand.name)} documentation</span></a></header>
<main>
${body(source, name, site)}
<nav aria-label="Documentation"><a href="${site.root}">All pages</a></nav>
</main>
</body>
</html>
`
}
