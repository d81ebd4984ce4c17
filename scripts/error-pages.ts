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

/** The table of all pages with their reasons, by page. */
export function reasonTable(
  reasons: Readonly<Record<string, Entry>>,
  pages: readonly { readonly name: string; readonly text: string }[],
): string {
  const rows = pages.map(({ name, text }) => {
    const lead = Object.keys(reasons).filter((reason) => reasons[reason]?.page === name)
    const title = /^# (.+)$/m.exec(text)?.[1] ?? name
    return `| [${title}](${name}.md) | ${lead.map((reason) => `\`${reason}\``).join(', ')} |`
  })
  return ['| Page | Reasons |', '| --- | --- |', ...rows].join('\n')
}

/** Holds the line `Reasons:` of a help page against the reasons that lead there, so that neither list grows alone. */
export function reasonLineFindings(
  reasons: Readonly<Record<string, Entry>>,
  page: { readonly name: string; readonly file: string; readonly text: string },
): Finding[] {
  const lead = Object.keys(reasons).filter((reason) => reasons[reason]?.page === page.name)
  const line = /^Reasons: (.+)$/m.exec(page.text)?.[1]
  if (line === undefined) return [{ file: page.file, message: 'has no line that begins with `Reasons:`' }]
  const listed = line.split(', ').map((name) => name.replaceAll('`', ''))
  return [
    ...lead
      .filter((reason) => !listed.includes(reason))
      .map((reason) => ({ file: page.file, message: `${reason} leads here and is not listed` })),
    ...listed
      .filter((reason) => !lead.includes(reason))
      .map((reason) => ({ file: page.file, message: `${reason} is listed and does not lead here` })),
  ]
}
