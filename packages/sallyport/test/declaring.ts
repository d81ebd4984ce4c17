import { mkdirSync, writeFileSync } from 'node:fs'
import { afterAll, beforeEach } from 'vitest'
import { createScratch, prepare, type Installation, type Outcome, type Scratch } from './cli.ts'

export const declaringIssuer = 'https://id.example.com'

/** What a test of declared objects works with. */
export type Declaring = {
  readonly scratch: Scratch
  /** The installation of the test that runs. */
  readonly place: Installation
  /** Its configuration file. */
  readonly file: string
  /** Writes the file: what comes after version and issuer. */
  write(text: string): void
  /** Runs `sallyport config VERB` with that file. */
  config(verb: string, ...words: readonly string[]): Promise<Outcome>
}

/** Gives each test of a file a fresh installation with a configuration file of its own. */
export function declaring(): Declaring {
  const scratch = createScratch()
  let place: Installation | undefined
  let file = ''
  let folders = 0
  beforeEach(async () => {
    const folder = scratch.path(`place-${folders++}`)
    mkdirSync(folder)
    file = `${folder}/sallyport.yaml`
    place = await prepare(folder, declaringIssuer)
  })
  afterAll(() => {
    scratch.remove()
  })
  const present = (): Installation => {
    if (place === undefined) throw new Error('no test runs')
    return place
  }
  return {
    scratch,
    get place() {
      return present()
    },
    get file() {
      return file
    },
    write: (text) => {
      writeFileSync(file, `version: 1\nissuer: ${declaringIssuer}\n${text}`)
    },
    config: (verb, ...words) => present().run(['config', verb, '--config', file, ...words]),
  }
}

export type Change = {
  readonly kind: string
  readonly name: string
  readonly id: string
  readonly action: string
  readonly differences: readonly { readonly member: string }[]
}

/** The changes that `diff` and `apply` tell as JSON. */
export const changes = ({ stdout }: Outcome): Change[] => (JSON.parse(stdout) as { changes: Change[] }).changes

/** The same, one line each. */
export const told = (outcome: Outcome): string[] =>
  changes(outcome).map(({ action, kind, name, differences }) =>
    [action, kind, name, ...differences.map(({ member }) => member)].join(' '),
  )
