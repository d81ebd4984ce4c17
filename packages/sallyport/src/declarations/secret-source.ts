import { readFileSync, statSync } from 'node:fs'
import { CommandFailure, exitCode } from '../failure.ts'
import type { SecretSource } from '../config/declared.ts'
import type { Environment } from '../config/layers.ts'

const maxSize = 4096

const unusable = (client: string, problem: string): CommandFailure =>
  new CommandFailure(
    exitCode.unusable,
    `the secret of ${client} ${problem}; make one with: openssl rand -base64 33 | tr '+/' '-_'`,
  )

function contents(client: string, { scheme, name }: SecretSource, environment: Environment): string {
  if (scheme === 'env') {
    const value = environment[name]
    if (value === undefined || value === '') throw unusable(client, `is to come from ${name}, which is not set`)
    return value
  }
  try {
    if (statSync(name).size > maxSize) throw unusable(client, `is to come from ${name}, which is too long for one`)
    return readFileSync(name, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    if (error instanceof CommandFailure) throw error
    throw unusable(client, `is to come from ${name}, which cannot be read`)
  }
}

/**
 * Reads the secret of a declared client. Only its digest is kept, and a digest protects nothing that can be guessed: it has
 * to be as long as one that the server makes itself (A-TOK-10).
 */
export function readDeclaredSecret(client: string, source: SecretSource, environment: Environment): string {
  const secret = contents(client, source, environment)
  if (!/^[\w.~+/=-]{43,256}$/.test(secret))
    throw unusable(client, `in ${source.name} has no 43 to 256 letters and digits`)
  if (new Set(secret).size < 16) throw unusable(client, `in ${source.name} could be guessed`)
  return secret
}
