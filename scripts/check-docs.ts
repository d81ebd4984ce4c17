import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { runNode } from './child.ts'
import { report, type Finding } from './finding.ts'
import { codeBlocksIn } from './markdown-code.ts'
import { root, tmpDir, tool } from './paths.ts'
import { sourceFiles } from './source-files.ts'

// Compiles every fenced `ts` example of the docs as a module of its own. A block marked `ts continued` goes on where
// the `ts` block before it in the same file ended.
type Example = { readonly file: string; readonly parts: { readonly code: string; readonly line: number }[] }

const pages = sourceFiles('*.md', 'docs/**/*.md', 'packages/*/README.md', 'examples/*/README.md')
const examples = pages.flatMap(examplesOf)
report(`${examples.length} examples in ${pages.length} pages`, examples.length === 0 ? [] : await compile(examples))

function examplesOf(page: string): Example[] {
  const found: Example[] = []
  for (const { language, marks, code, line } of codeBlocksIn(readFileSync(page, 'utf8'))) {
    if (language !== 'ts') continue
    const last = found.at(-1)
    if (marks.includes('continued') && last !== undefined) last.parts.push({ code, line })
    else found.push({ file: relative(root, page), parts: [{ code, line }] })
  }
  return found
}

async function compile(all: readonly Example[]): Promise<Finding[]> {
  mkdirSync(tmpDir, { recursive: true })
  const folder = mkdtempSync(join(tmpDir, 'docs-'))
  try {
    all.forEach((example, index) => writeFileSync(join(folder, `example-${index}.ts`), textOf(example)))
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(projectFor(folder)))
    const { code, output } = await runNode([tool('tsc-native/bin/tsc'), '-p', folder, '--pretty', 'false'])
    const findings = output.split('\n').flatMap((line) => findingOf(all, line))
    const unread = code !== 0 && findings.length === 0
    return unread ? [{ file: 'docs', message: output.trim() }] : findings
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Parts stand in the compiled file at the line they have in the page, so that messages need no translation. */
function textOf({ parts }: Example): string {
  const lines: string[] = []
  for (const { code, line } of parts) {
    while (lines.length < line - 1) lines.push('')
    lines.push(...code.split('\n'))
  }
  return lines.join('\n')
}

function projectFor(folder: string): object {
  return {
    extends: relative(folder, join(root, 'tsconfig.base.json')),
    compilerOptions: { noEmit: true, allowImportingTsExtensions: true, lib: ['es2024', 'dom', 'dom.iterable'] },
    include: ['*.ts'],
  }
}

function findingOf(all: readonly Example[], line: string): Finding[] {
  const match = /example-(\d+)\.ts\((\d+),\d+\): error (.*)$/.exec(line)
  const example = all[Number(match?.[1])]
  return match === null || example === undefined
    ? []
    : [{ file: example.file, line: Number(match[2]), message: match[3] ?? '' }]
}
