import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { wholeProgram } from '../packages/sallyport/src/command-line.ts'
import { report, type Finding } from './finding.ts'
import { root } from './paths.ts'
import { sourceFiles } from './source-files.ts'

// What the manual points at has to be there: files behind links, sources in back-ticks, commands with their verbs.
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

/** Sources are named from the root, or in the page about requests from the server's own folder. */
const sourceRoots = [root, join(root, 'packages/server/src')]

const missingSources = (line: Line): Finding[] =>
  [...line.text.matchAll(/`([\w./-]+\/[\w.-]+\.(?:ts|mjs|md))`/g)]
    .map((match) => match[1] ?? '')
    .filter((path) => !path.startsWith('.') && sourceRoots.every((from) => !existsSync(join(from, path))))
    .map((path) => finding(line, `${path} is not there`))

const unknownCommands = (line: Line): Finding[] =>
  [...line.text.matchAll(/(?:`|^|npx )sallyport ([a-z]+)(?: ([a-z][a-z-]+))?/g)].flatMap(([, noun = '', verb]) => {
    const verbs = commands.get(noun)
    if (verbs === undefined) return [finding(line, `there is no command sallyport ${noun}`)]
    if (verbs.length === 0 || verb === undefined || verbs.includes(verb)) return []
    return [finding(line, `sallyport ${noun} has no verb ${verb}`)]
  })

const found = lines.flatMap((line) => [...brokenLinks(line), ...missingSources(line), ...unknownCommands(line)])
report(`links and commands of ${pages.length} pages`, found)
