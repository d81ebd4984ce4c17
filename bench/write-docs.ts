import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const page = fileURLToPath(new URL('../docs/reference/performance.md', import.meta.url))
const begin = '<!-- bench:begin -->'
const end = '<!-- bench:end -->'

/** Puts the report between the markers of the performance page and leaves the rest of the page alone. */
export function writeDocs(report: string): void {
  const text = readFileSync(page, 'utf8')
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  if (from === -1 || to < from) throw new Error(`${page} has lost its markers ${begin} and ${end}`)
  writeFileSync(page, `${text.slice(0, from + begin.length)}\n\n${report}\n\n${text.slice(to)}`)
}
