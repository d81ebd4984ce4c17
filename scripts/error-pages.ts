import type { Finding } from './finding.ts'

type Entry = { readonly page: string }

/** Holds reasons and help pages together: every reason has its page, every page a reason that leads to it. */
export function errorPageFindings(
  reasons: Readonly<Record<string, Entry>>,
  pages: readonly string[],
  places: { reasons: string; pages: string },
): Finding[] {
  const used = new Set(Object.values(reasons).map(({ page }) => page))
  return [
    ...Object.entries(reasons)
      .filter(([, { page }]) => !pages.includes(page))
      .map(([reason, { page }]) => ({
        file: places.reasons,
        message: `${reason} leads to ${places.pages}/${page}.md, which does not exist`,
      })),
    ...pages
      .filter((page) => !used.has(page))
      .map((page) => ({ file: `${places.pages}/${page}.md`, message: 'no reason leads to this page' })),
  ]
}
