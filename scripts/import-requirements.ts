import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { requirementsFile, requirementsIn } from './requirements.ts'

// Reads requirement lists (Markdown tables whose first column is an id) and keeps their ids, levels and areas, so that
// the check works where the lists themselves are absent.
//   node boot.mjs exec scripts/import-requirements.ts <folder with the lists>
const [folder] = process.argv.slice(2)
if (folder === undefined) {
  console.error('usage: scripts/import-requirements.ts <folder with the requirement lists>')
  process.exitCode = 2
} else {
  const lists = globSync('*.md', { cwd: folder }).sort()
  const requirements = lists.flatMap((list) => requirementsIn(readFileSync(join(folder, list), 'utf8')))
  const ids = requirements.map(({ id }) => id)
  const repeated = ids.filter((id, position) => ids.indexOf(id) !== position)
  if (repeated.length > 0) throw new Error(`ids stand twice in the lists: ${repeated.join(', ')}`)
  writeFileSync(requirementsFile, `[\n${requirements.map((one) => JSON.stringify(one)).join(',\n')}\n]\n`)
  console.log(`${requirements.length} requirements in ${new Set(requirements.map(({ area }) => area)).size} areas`)
}
