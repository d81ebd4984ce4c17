import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { HttpResponse, Route, RouteHost } from '@sallyport/server'

/** Where the documentation lies: in the built package, or in the checkout. */
const places = ['./docs/', '../docs/', '../../../docs/']

/** The folder with the documentation of this version, where it was shipped. */
export function documentationFolder(): string | undefined {
  return places.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((folder) => existsSync(folder))
}

type Page = { readonly path: string; readonly file: string }

/** `errors/pkce-required.md` → `/docs/errors/pkce-required`; a README is the page of its folder. */
function pagePath(name: string): string {
  const bare = name.replace(/\.md$/, '').replace(/(^|\/)(README|index)$/, '')
  return bare === '' ? '/docs' : `/docs/${bare}`
}

function pagesIn(folder: string): readonly Page[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => ({ path: pagePath(name.split(sep).join('/')), file: join(folder, name) }))
}

/** The documentation as pages of the server itself, so that it fits the running version and works offline. */
export function documentationRoutes(): readonly Route[] {
  const folder = documentationFolder()
  if (folder === undefined) return []
  const pages = pagesIn(folder)
  const routes = pages.flatMap((page) => [pageRoute(page, folder), sourceRoute(page)])
  return pages.some(({ path }) => path === '/docs') ? routes : [...routes, contentsRoute(pages)]
}

const pageRoute = ({ path, file }: Page, folder: string): Route => {
  let html: Promise<string> | undefined
  return {
    path,
    methods: {
      GET: async (host) => showPage(host, await (html ??= renderFile(file, relative(folder, file)))),
    },
  }
}

/** The same page as it was written, for tools that read Markdown. */
const sourceRoute = ({ path, file }: Page): Route => ({
  path: `${path}.md`,
  methods: {
    GET: () => ({
      status: 200,
      headers: { 'content-type': 'text/markdown; charset=utf-8', 'x-content-type-options': 'nosniff' },
      body: readFileSync(file),
    }),
  },
})

async function renderFile(file: string, name: string): Promise<string> {
  const { renderPage } = await import('./documentation-page.ts')
  return renderPage(readFileSync(file, 'utf8'), name)
}

const showPage = (host: RouteHost, html: string): HttpResponse =>
  host.page(html, { headers: { 'cache-control': 'public, max-age=300' } })

/** A list of all pages, where nobody wrote one. */
const contentsRoute = (pages: readonly Page[]): Route => ({
  path: '/docs',
  methods: {
    GET: async (host) => {
      const { renderPage } = await import('./documentation-page.ts')
      const lines = [...pages]
        .sort((a, b) => (a.path < b.path ? -1 : 1))
        .map(({ path, file }) => `- [${titleOf(file)}](${path})`)
      return showPage(host, renderPage(['# Documentation', '', ...lines].join('\n'), 'README.md'))
    },
  },
})

const titleOf = (file: string): string =>
  /^# (.+)$/m.exec(readFileSync(file, 'utf8'))?.[1]?.replaceAll(/[[\]]/g, '') ?? file
