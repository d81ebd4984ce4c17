import { parseArgs } from 'node:util'
import { processMeasures, scenarios } from './scenarios.ts'

export interface Options {
  readonly quick: boolean
  readonly json: boolean
  /** Names of scenarios and process measures to run; undefined runs all. */
  readonly only: ReadonlySet<string> | undefined
  readonly targets: ReadonlySet<string> | undefined
  readonly repeats: number
  readonly seconds: number
  readonly growthTokens: number
  readonly folder: string | undefined
  /** Another checkout of this repository to measure beside this one. */
  readonly before: string | undefined
}

export const usage = `usage: npm run bench -- [options]

  --quick            2 short repeats instead of 5; nothing is written to the docs
  --only NAMES       some of: ${[...scenarios.map(({ name }) => name), ...processMeasures].join(', ')}
  --targets NAMES    some of: sallyport, oidc-provider, oidc-provider-grouped, oidc-provider-memory, limit
  --before FOLDER    measure also the checkout in FOLDER (an earlier commit, say) and compare; nothing is written to the docs
  --json             print the results as JSON
  --folder PATH      where the databases are made (default: the system's folder for temporary files)
  --help             this text`

export class UsageError extends Error {}

const known = (what: string, given: string | undefined, names: readonly string[]): ReadonlySet<string> | undefined => {
  if (given === undefined) return undefined
  const chosen = given.split(',').map((name) => name.trim())
  const wrong = chosen.find((name) => !names.includes(name))
  if (wrong !== undefined) throw new UsageError(`${what}: there is no "${wrong}"; there are ${names.join(', ')}`)
  return new Set(chosen)
}

const optionTypes = {
  quick: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
  only: { type: 'string' },
  targets: { type: 'string' },
  folder: { type: 'string' },
  before: { type: 'string' },
} as const

/** Reads the command line; undefined when only help was asked for. */
export function readOptions(args: readonly string[], targetNames: readonly string[]): Options | undefined {
  const values = parse(args)
  if (values.help === true) return undefined
  const quick = values.quick === true
  return {
    quick,
    json: values.json === true,
    only: known('--only', values.only, [...scenarios.map(({ name }) => name), ...processMeasures]),
    targets: known('--targets', values.targets, targetNames),
    repeats: quick ? 2 : 5,
    seconds: quick ? 1 : 2,
    growthTokens: quick ? 20_000 : 100_000,
    folder: values.folder,
    before: values.before,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: optionTypes, strict: true }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}
