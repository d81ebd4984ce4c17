import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Every spelling of a value that a careless writer might leave behind. */
export function spellings(value: string): ReadonlyMap<string, string> {
  const bytes = Buffer.from(value)
  const raw = Buffer.from(value, 'base64url')
  const forms = new Map<string, string>([
    ['raw', value],
    ['base64', bytes.toString('base64').replace(/=+$/, '')],
    ['base64url', bytes.toString('base64url')],
    ['hex', bytes.toString('hex')],
    ['upper-case hex', bytes.toString('hex').toUpperCase()],
    ['URL-encoded', encodeURIComponent(value)],
    [
      'URL-encoded throughout',
      [...bytes].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
    ],
    ['reversed', [...value].reverse().join('')],
  ])
  // A handle is base64url of its bytes; those must not lie about either.
  if (raw.length >= 16 && raw.toString('base64url') === value) {
    forms.set('decoded bytes', raw.toString('latin1'))
    forms.set('decoded, hex', raw.toString('hex'))
    forms.set('decoded, base64', raw.toString('base64').replace(/=+$/, ''))
  }
  return forms
}

/** Everything in a directory as one text of bytes: the database file, its WAL and whatever lies beside them. */
export const dumpOf = (directory: string): string =>
  readdirSync(directory)
    .map((name) => readFileSync(join(directory, name)).toString('latin1'))
    .join('\n')

/** Which credentials stand in a dump, and in which spelling. */
export function found(dump: string, credentials: Iterable<string>): readonly string[] {
  const hits: string[] = []
  for (const credential of credentials)
    for (const [spelling, text] of spellings(credential))
      if (dump.includes(text)) hits.push(`${spelling}: ${credential}`)
  return hits
}
