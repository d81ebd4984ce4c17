import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { wholeProgram } from '../packages/sallyport/src/command-line.ts'
import { report, type Finding } from './finding.ts'
import { root } from './paths.ts'
import { sourceFiles } from './source-files.ts'

// What the manual points at has to be there: files behind links, sources in back-ticks, commands with their verbs, events.
type Line = { readonly file: string; readonly number: number; readonly text: string }

// The conformance table is written and checked by another check.
const pages = sourceFiles('*.md', 'docs/**/*.md', 'packages/*/README.md', 'examples/*/README.md').filter(
  (file) => basename(file) !== 'conformance.md',
)
const lines: readonly Line[] = pages.flatMap((file) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .map((text, index) => ({ file, number: index + 1, text })),
)
const commands = new Map(
  (await wholeProgram()).commands.map((command) => [command.name(), command.commands.map((verb) => verb.name())]),
)

const finding = ({ file, number }: Line, message: string): Finding => ({
  file: relative(root, file),
  line: number,
  message,
})

const brokenLinks = (line: Line): Finding[] =>
  [...line.text.matchAll(/\]\(([^)\s#:]+)(?:#[^)]*)?\)/g)]
    .map((match) => match[1] ?? '')
    .filter((link) => !existsSync(join(dirname(line.file), link)))
    .map((link) => finding(line, `the link ${link} leads nowhere`))

/** Sources are named from the root, from the page's own folder, or in the page about requests from the server's. */
const sourceRoots = (file: string): string[] => [root, dirname(file), join(root, 'packages/server/src')]

const missingSources = (line: Line): Finding[] =>
  [...line.text.matchAll(/`([\w./-]+\/[\w.-]+\.(?:ts|mjs|md))`/g)]
    .map((match) => match[1] ?? '')
    .filter((path) => !path.startsWith('.') && sourceRoots(line.file).every((from) => !existsSync(join(from, path))))
    .map((path) => finding(line, `${path} is not there`))

const unknownCommands = (line: Line): Finding[] =>
  [...line.text.matchAll(/(?:`|^|npx )sallyport ([a-z][a-z-]*)(?: ([a-z][a-z-]+))?/g)].flatMap(
    ([, noun = '', verb]) => {
      const verbs = commands.get(noun)
      if (verbs === undefined) return [finding(line, `there is no command sallyport ${noun}`)]
      if (verbs.length === 0 || verb === undefined || verbs.includes(verb)) return []
      return [finding(line, `sallyport ${noun} has no verb ${verb}`)]
    },
  )

/** Events as they are written in the sources, and as the reference lists them. */
function eventFindings(): Finding[] {
  const page = join(root, 'docs/reference/events.md')
  const listed = new Set(
    [...readFileSync(page, 'utf8').matchAll(/`([a-z_]+(?:\.[a-z_]+)+)`/g)].map((match) => match[1]),
  )
  const written = sourceFiles('packages/{server,accounts,store-sqlite,sallyport}/src/**/*.ts').flatMap((file) => {
    const text = readFileSync(file, 'utf8')
    const pattern = file.endsWith('/refusals.ts') ? /: '([a-z_]+(?:\.[a-z_]+)+)'/g : /event(?:: |\()'([a-z_.]+)'/g
    return [...text.matchAll(pattern)].map((match) => ({ file, name: match[1] ?? '' }))
  })
  const names = new Set(written.map(({ name }) => name))
  return [
    ...written
      .filter(({ name }) => !listed.has(name))
      .map(({ file, name }) => ({ file, message: `the event ${name} is not in docs/reference/events.md` })),
    ...tableNames(readFileSync(page, 'utf8'))
      .filter((name) => !names.has(name))
      .map((name) => ({ file: page, message: `nothing writes the event ${name}` })),
  ]
}

const tableNames = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => /^\| `[a-z_]+\./.test(line))
    .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ''))

const found = lines.flatMap((line) => [...brokenLinks(line), ...missingSources(line), ...unknownCommands(line)])
report(`links, commands and events of ${pages.length} pages`, [...found, ...eventFindings()])
