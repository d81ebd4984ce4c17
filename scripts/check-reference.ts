import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { wholeProgram } from '../packages/sallyport/src/command-line.ts'
import { reasons } from '@sallyport/protocol'
import { reasonTable } from './error-pages.ts'
import { report, type Finding } from './finding.ts'
import { root } from './paths.ts'
import { sourceFiles } from './source-files.ts'
import { commandSections, policyTable, rulesTable, settingsTable } from './reference-tables.ts'

const errorPages = sourceFiles('docs/errors/*.md')
  .filter((path) => basename(path) !== 'README.md')
  .map((path) => ({ name: basename(path, '.md'), text: readFileSync(path, 'utf8') }))

// Tables in the reference are made from the code. `--write` puts them into the pages; without it a stale one is a finding.
const parts: readonly { readonly page: string; readonly name: string; readonly text: string }[] = [
  { page: 'docs/reference/configuration.md', name: 'settings', text: settingsTable() },
  { page: 'docs/reference/configuration.md', name: 'policy', text: policyTable() },
  { page: 'docs/prove-in-ci.md', name: 'rules', text: rulesTable() },
  { page: 'docs/reference/command-line.md', name: 'commands', text: commandSections(await wholeProgram()) },
  { page: 'docs/errors/README.md', name: 'reasons', text: reasonTable(reasons, errorPages) },
]

const write = process.argv.includes('--write')
report(`${parts.length} tables`, parts.flatMap(hold))

function hold({ page, name, text }: (typeof parts)[number]): Finding[] {
  const file = join(root, page)
  const before = readFileSync(file, 'utf8')
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`]
  const from = before.indexOf(begin)
  const to = before.indexOf(end)
  if (from === -1 || to < from)
    return [{ file: relative(root, file), message: `has lost its markers ${begin} and ${end}` }]
  const after = `${before.slice(0, from + begin.length)}\n\n${text}\n\n${before.slice(to)}`
  if (after === before) return []
  if (write) {
    writeFileSync(file, after)
    return []
  }
  return [
    {
      file: page,
      message: `the part ${name} is not what the code says; run: node boot.mjs exec scripts/check-reference.ts --write`,
    },
  ]
}
