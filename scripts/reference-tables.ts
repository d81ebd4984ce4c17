import { floor, type PolicyNumber } from '@sallyport/protocol'
import { rules } from '../packages/sallyport/src/check/finding.ts'
import type { wholeProgram } from '../packages/sallyport/src/command-line.ts'
import { duration, size } from '../packages/sallyport/src/config/kinds.ts'
import { settings, variableOf, type AnySetting } from '../packages/sallyport/src/config/settings.ts'
import { policyWords } from './policy-words.ts'

type Command = Awaited<ReturnType<typeof wholeProgram>>

const table = (header: readonly string[], rows: readonly (readonly string[])[]): string => {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n')
}

const code = (text: string): string => `\`${text}\``

const isPolicyNumber = (name: string): name is PolicyNumber => Object.hasOwn(floor, name)

const shown = (value: unknown): string => {
  if (value === undefined) return ''
  return code(typeof value === 'string' ? value : JSON.stringify(value))
}

/** A number of the policy as it is written in a configuration file. */
function measure(name: PolicyNumber, value: number): string {
  const { unit } = floor[name]
  const range = { min: 0, max: Number.MAX_SAFE_INTEGER }
  if (unit === 's') return code(String(duration(range).write(value)))
  return unit === 'bytes' ? code(String(size(range).write(value))) : `${value} ${unit}`
}

const numberOf = ({ key }: AnySetting): string => key.replace(/^policy\./, '')

/** Every setting that is no number of the policy. */
export const settingsTable = (): string =>
  table(
    ['Key', 'Default', 'Variable', 'What it is'],
    settings
      .filter((setting) => !isPolicyNumber(numberOf(setting)))
      .map(({ key, fallback, about, standardVariable }) => [
        code(key),
        shown(fallback),
        [variableOf(key), ...(standardVariable === undefined ? [] : [standardVariable])].map(code).join(', '),
        about,
      ]),
  )

/** Every number of the policy with its bounds. */
export const policyTable = (): string =>
  table(
    ['Key', 'Default', 'At least', 'At most', 'What it is'],
    (Object.keys(floor) as PolicyNumber[]).map((name) => {
      const { default: usual, min, max } = floor[name]
      return [code(`policy.${name}`), measure(name, usual), measure(name, min), measure(name, max), policyWords[name]]
    }),
  )

/** Every rule of `config check`. */
export const rulesTable = (): string =>
  table(
    ['Rule', 'Severity', 'What holds'],
    Object.entries(rules).map(([id, { severity, about }]) => [code(id), severity, `${about}.`]),
  )

type Leaf = { readonly path: string; readonly command: Command }

const leavesOf = (command: Command, before: string): readonly Leaf[] => {
  const path = `${before} ${command.name()}`.trim()
  return command.commands.length === 0
    ? [{ path, command }]
    : command.commands.flatMap((child) => leavesOf(child, path))
}

const operands = ({ registeredArguments }: Command): string =>
  registeredArguments
    .map((argument) => ` ${argument.required ? `<${argument.name()}>` : `[${argument.name()}]`}`)
    .join('')

/** Every command with its options, as the program itself knows them; those of the store are told once for all. */
export const commandSections = (program: Command): string =>
  program.commands
    .flatMap((group) => leavesOf(group, ''))
    .map(({ path, command }) => {
      const options = command.options
        .filter((option) => option.long !== '--store' && option.long !== '--data')
        .map((option) => [code(option.flags), option.description])
      const head = `### \`sallyport ${path}${operands(command)}\`\n\n${sentence(command.description())}`
      return options.length === 0 ? head : `${head}\n\n${table(['Option', 'Meaning'], options)}`
    })
    .join('\n\n')

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
