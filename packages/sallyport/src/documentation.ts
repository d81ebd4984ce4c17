import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { HttpResponse, Route, RouteHost } from '@sallyport/server'
import type { Site } from './documentation-page.ts'
import { documentationStyle } from './documentation-style.ts'

/** Where the documentation lies: in the built package, or in the checkout. */
const places = ['./docs/', '../docs/', '../../../docs/']

/** The folder with the documentation of this version, where it was shipped. */
export function documentationFolder(): string | undefined {
  return places.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((folder) => existsSync(folder))
}

type Page = { readonly path: string; readonly file: string; readonly name: string }

/** `errors/pkce-required.md` → `/docs/errors/pkce-required`; a README is the page of its folder. */
function pagePath(name: string): string {
  const bare = name.replace(/\.md$/, '').replace(/(^|\/)(README|index)$/, '')
  return bare === '' ? '/docs' : `/docs/${bare}`
}

function pagesIn(folder: string): readonly Page[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => ({ path: pagePath(name.split(sep).join('/')), file: join(folder, name), name }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}

/**
 * The documentation as pages of the server itself, so that it fits the running version and works offline. `basePath` is
 * the path of the issuer.
 */
export function documentationRoutes(basePath: string): readonly Route[] {
  const folder = documentationFolder()
  if (folder === undefined) return []
  const site: Site = { root: `${basePath}/docs`, assets: `${basePath}/assets` }
  const pages = pagesIn(folder)
  const routes = [
    ...pages.flatMap((page) => [pageRoute(page, folder, site), sourceRoute(page)]),
    ...workflowsIn(folder).map(workflowRoute),
    styleRoute,
  ]
  return pages.some(({ path }) => path === '/docs') ? routes : [...routes, contentsRoute(pages, site)]
}

const pageRoute = ({ path, file }: Page, folder: string, site: Site): Route => {
  let html: Promise<string> | undefined
  const render = (): Promise<string> => renderText(readFileSync(file, 'utf8'), relative(folder, file), site)
  return { path, methods: { GET: async (host) => showPage(host, await (html ??= render())) } }
}

/** The same page as it was written, for tools that read Markdown. */
const sourceRoute = ({ path, file }: Page): Route => ({
  path: `${path}.md`,
  methods: { GET: () => asset('text/markdown; charset=utf-8', readFileSync(file, 'utf8')) },
})

/** Files to be copied, such as workflows; shown as the text they are. */
const workflowsIn = (folder: string): readonly Page[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yml'))
    .map((name) => ({ path: `/docs/${name.split(sep).join('/')}`, file: join(folder, name), name }))

const workflowRoute = ({ path, file }: Page): Route => ({
  path,
  methods: { GET: () => asset('text/plain; charset=utf-8', readFileSync(file, 'utf8')) },
})

const styleRoute: Route = {
  path: '/assets/documentation.css',
  methods: { GET: () => asset('text/css; charset=utf-8', documentationStyle) },
}

const asset = (type: string, body: string): HttpResponse => ({
  status: 200,
  headers: { 'content-type': type, 'cache-control': 'public, max-age=300', 'x-content-type-options': 'nosniff' },
  body,
})

async function renderText(source: string, name: string, site: Site): Promise<string> {
  const { renderPage } = await import('./documentation-page.ts')
  return renderPage(source, name, site)
}

const showPage = (host: RouteHost, html: string): HttpResponse =>
  host.page(html, { headers: { 'cache-control': 'public, max-age=300' } })

/** A list of all pages, where nobody wrote one. */
function contentsRoute(pages: readonly Page[], site: Site): Route {
  const lines = pages.map(({ path, file }) => `- [${titleOf(file)}](${site.root}${path.slice('/docs'.length)})`)
  const source = ['# Documentation', '', ...lines].join('\n')
  return {
    path: '/docs',
    methods: { GET: async (host) => showPage(host, await renderText(source, 'README.md', site)) },
  }
}

const titleOf = (file: string): string =>
  /^# (.+)$/m.exec(readFileSync(file, 'utf8'))?.[1]?.replaceAll(/[[\]]/g, '') ?? file
