import { posix } from 'node:path'
import MarkdownIt from 'markdown-it'

/** Pages are Markdown of our own; raw HTML in them is shown as text. */
const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false })

/** `../errors/scope.md#fix` in `guides/first.md` → `/docs/errors/scope#fix`. Links to files that are no pages stay as they are. */
export function siteLink(link: string, name: string): string {
  const match = /^([^#?:]+)\.md(#.*)?$/.exec(link)
  if (match === null || link.startsWith('/')) return link
  const target = posix.normalize(posix.join(posix.dirname(name), match[1] ?? ''))
  if (target.startsWith('..')) return link
  const bare = target.replace(/(^|\/)(README|index)$/, '')
  return `/docs${bare === '' ? '' : `/${bare}`}${match[2] ?? ''}`
}

/** Heading → fragment, as links within the pages write it. */
export const fragmentOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

function body(source: string, name: string): string {
  // Comments mark what scripts write; they are not for readers.
  const tokens = markdown.parse(source.replaceAll(/<!--[^]*?-->/g, ''), {})
  for (const [index, token] of tokens.entries()) {
    if (token.type === 'heading_open') token.attrSet('id', fragmentOf(tokens[index + 1]?.content ?? ''))
    for (const child of token.children ?? []) {
      const link = child.attrGet('href')
      if (link !== null) child.attrSet('href', siteLink(String(link), name))
    }
  }
  return markdown.renderer.render(tokens, markdown.options, {})
}

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** A whole page of the documentation; `name` is its path inside the folder. */
export function renderPage(source: string, name: string): string {
  const title = /^# (.+)$/m.exec(source)?.[1] ?? 'Documentation'
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${escape(title)} – Sallyport</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="/assets/sallyport.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/sallyport.css">
</head>
<body>
<header class="brand"><a href="/docs">Documentation</a></header>
<main class="wide document">
${body(source, name)}
</main>
</body>
</html>
`
}
