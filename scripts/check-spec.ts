import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { conformance } from './conformance.ts'
import { report, type Finding } from './finding.ts'
import { root } from './paths.ts'
import { finishedAreasFile, readFinishedAreas, readRequirements } from './requirements.ts'
import { sourceFiles } from './source-files.ts'
import { testNamesIn } from './test-names.ts'

// Joins requirement ids with test names, writes the table, and objects to gaps in areas that are called finished.
const files = sourceFiles('packages/*/test/**/*.ts', 'packages/testing/src/**/*.ts', 'examples/*/test/**/*.ts').map(
  (path) => ({
    path: relative(root, path),
    tests: testNamesIn(path, readFileSync(path, 'utf8')),
  }),
)
const { findings, table } = conformance(
  readRequirements(),
  readFinishedAreas(),
  files,
  relative(root, finishedAreasFile),
)
report(`requirements against ${files.length} test files`, [
  ...findings,
  ...keepTable(join(root, 'docs/reference/conformance.md'), table),
])

/** Rewrites the table where people work; where nobody would commit the change, an old table is a finding. */
function keepTable(file: string, text: string): Finding[] {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return []
  if (process.env['CI'] === 'true') return [{ file, message: 'is out of date; run `npm run check` and commit it' }]
  writeFileSync(file, text)
  console.log(`wrote ${relative(root, file)}`)
  return []
}
