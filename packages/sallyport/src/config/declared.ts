import { canonicalResource, nearest, parseScope, sha256Bytes, toBase64url } from '@sallyport/protocol'
import {
  isClientId,
  laterResourceMembers,
  registrationMembers,
  type ClientRegistration,
  type Resource,
} from '@sallyport/server'
import type { ConfigFault } from './layers.ts'
import type { DeclaredEntry } from './sections.ts'
import { clientExtras, clientShapes, resourceShapes, shapeRules, type Shape } from './shapes.ts'

/** Where the secret of a declared client is kept. The file with the declarations never holds one. */
export type SecretSource = { readonly scheme: 'env' | 'file'; readonly name: string }

type Placed = {
  /** The name it is declared under. */
  readonly key: string
  /** File and line of the object and of each of its members. */
  readonly origin: string
  readonly places: Readonly<Record<string, string>>
}

export type DeclaredClient = Placed & {
  readonly id: string
  /** As the rules of registration judge it; nothing but the kinds of its values was looked at. */
  readonly registration: ClientRegistration
  readonly secret: SecretSource | undefined
  /** `undefined` leaves it as it is, so that a client that was stopped in an emergency stays stopped. */
  readonly disabled: boolean | undefined
}

export type DeclaredResource = Placed & { readonly resource: Resource }

/** Every object that the configuration files declare; a later file replaces an object of the same name. */
export type Declarations = {
  readonly clients: readonly DeclaredClient[]
  readonly resources: readonly DeclaredResource[]
}

/**
 * The id of a client that is declared under a name: the same on every machine, so that applications can be given it before
 * anything is applied. A name that has the shape of an id is one.
 */
export const declaredClientId = (key: string): string =>
  isClientId(key) ? key : `client_${toBase64url(sha256Bytes(Buffer.from(`declared client\n${key}`)).subarray(0, 16))}`

const fault = ({ key, origin }: { key: string; origin: string }, problem: string, fix: string): ConfigFault => ({
  key,
  origin,
  problem,
  fix,
  kind: 'broken',
})

type Reader = { readonly entry: DeclaredEntry; readonly faults: ConfigFault[] }

const at = ({ entry }: Reader, member: string): { key: string; origin: string } => ({
  key: `${entry.section}.${entry.key}.${member}`,
  origin: Object.hasOwn(entry.places, member) ? (entry.places[member] ?? entry.origin) : entry.origin,
})

function unknownMember(reader: Reader, member: string, known: readonly string[]): void {
  const close = nearest(member, known)
  const about = /pkce|challenge/i.test(member)
  const problem = about
    ? 'PKCE with S256 is required of every client; there is nothing to set'
    : 'is not a member of this object'
  reader.faults.push(
    fault(at(reader, member), problem, about || close === undefined ? 'remove it' : `did you mean ${close}?`),
  )
}

/** The members of an object, each of its own kind; everything else is a fault. */
function members(reader: Reader, known: Readonly<Record<string, Shape>>): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const [member, written] of Object.entries(reader.entry.value)) {
    if (!Object.hasOwn(known, member)) {
      unknownMember(reader, member, Object.keys(known))
      continue
    }
    const rule = shapeRules[known[member] ?? 'any']
    const value = rule.read(written)
    if (value === undefined) reader.faults.push(fault(at(reader, member), 'has no value that it can take', rule.fix))
    else values[member] = value
  }
  return values
}

const clientMembers: Readonly<Record<string, Shape>> = {
  ...Object.fromEntries(registrationMembers.map((member) => [member, clientShapes[member] ?? 'any'])),
  ...clientExtras,
}

function required(reader: Reader, values: Readonly<Record<string, unknown>>, names: readonly string[]): void {
  for (const name of names)
    if (!Object.hasOwn(reader.entry.value, name) && values[name] === undefined)
      reader.faults.push(fault(at(reader, name), 'is missing', `add ${name}`))
}

function secretSource(reader: Reader, secret: unknown, secretFile: unknown): SecretSource | undefined {
  if (typeof secretFile === 'string') {
    if (secret !== undefined)
      reader.faults.push(fault(at(reader, 'secret'), 'stands beside secretFile', 'keep one of them'))
    return { scheme: 'file', name: secretFile }
  }
  if (typeof secret !== 'string') return undefined
  const [, scheme, name = ''] = /^\$\{(env|file):([^}]{1,1000})\}$/.exec(secret) ?? []
  if (scheme === 'env' || scheme === 'file') return { scheme, name }
  reader.faults.push(
    fault(at(reader, 'secret'), 'a secret does not stand in the file', 'write ${file:/path} or ${env:NAME}'),
  )
  return undefined
}

function readClient(reader: Reader): DeclaredClient {
  const { key, origin, places } = reader.entry
  const { secret, secretFile, disabled, ...registration } = members(reader, clientMembers)
  required(reader, registration, ['type', 'name'])
  if (!isClientId(key) && !/^[a-z0-9][a-z0-9._-]{0,63}$/.test(key))
    reader.faults.push(
      fault(
        { key: `clients.${key.slice(0, 80)}`, origin },
        'is no name for a client',
        'use a-z, 0-9, dot, dash, up to 64',
      ),
    )
  return {
    key,
    id: declaredClientId(key),
    // The rules of registration look at every value before anything is made of it.
    registration: registration as unknown as ClientRegistration,
    secret: secretSource(reader, secret, secretFile),
    disabled: disabled as boolean | undefined,
    origin,
    places,
  }
}

function readResource(reader: Reader): DeclaredResource {
  const { key, origin, places } = reader.entry
  const values = members(reader, resourceShapes)
  const canonical = canonicalResource(key)
  if (canonical !== key)
    reader.faults.push(
      fault(
        { key: `resources.${key.slice(0, 80)}`, origin },
        'is no https URI in canonical form, without a query and a fragment',
        canonical === undefined ? 'name it by its URI' : `write ${canonical}`,
      ),
    )
  const scopes = Object.entries((values['scopes'] ?? {}) as Record<string, string>)
  for (const [name] of scopes)
    if (parseScope(name)?.length !== 1)
      reader.faults.push(
        fault(at(reader, 'scopes'), `${JSON.stringify(name.slice(0, 80))} is no scope`, 'use one word'),
      )
  const resource: Resource = {
    id: key,
    name: (values['name'] as string | undefined) ?? key,
    scopes: scopes.map(([name, description]) => ({ name, description })),
    accessTokenLifetime: values['accessTokenLifetime'] as number | undefined,
    // Any text: the rules of the server judge it, like everything of a client.
    format: (values['format'] ?? laterResourceMembers.format) as Resource['format'],
    binding: (values['binding'] ?? laterResourceMembers.binding) as Resource['binding'],
    documentation: values['documentation'] as string | undefined,
  }
  return { key, resource, origin, places }
}

/** Reads what the files declare. Faults here mean that the text cannot be understood; rules are judged elsewhere. */
export function readDeclarations(entries: readonly DeclaredEntry[]): {
  declarations: Declarations
  faults: readonly ConfigFault[]
} {
  const faults: ConfigFault[] = []
  const last = new Map(entries.map((entry) => [`${entry.section}\n${entry.key}`, entry]))
  const clients: DeclaredClient[] = []
  const resources: DeclaredResource[] = []
  for (const entry of last.values()) {
    if (entry.section === 'clients') clients.push(readClient({ entry, faults }))
    else resources.push(readResource({ entry, faults }))
  }
  return { declarations: { clients, resources }, faults }
}
