import { canonicalResource, parseScope, type Seconds } from '@sallyport/protocol'
import {
  isClientId,
  laterResourceMembers,
  registrationMembers,
  type ClientRegistration,
  type ExceptionRequest,
  type Resource,
} from '@sallyport/server'
import { declaredClientId, declaredExceptionId } from './declared-ids.ts'
import { at, fault, members, required, requireName, type Reader } from './declared-reader.ts'
import type { ConfigFault } from './layers.ts'
import type { DeclaredEntry } from './sections.ts'
import { clientExtras, clientShapes, exceptionShapes, resourceShapes, type Shape } from './shapes.ts'

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

/** A dated exception from PKCE, as a file asks for it (A-GOV-02). */
export type DeclaredException = Placed & {
  readonly id: string
  readonly request: ExceptionRequest
  /** When it was agreed on; its 90 days begin there. */
  readonly created: Seconds
}

/** Every object that the configuration files declare; a later file replaces an object of the same name. */
export type Declarations = {
  readonly clients: readonly DeclaredClient[]
  readonly resources: readonly DeclaredResource[]
  readonly exceptions: readonly DeclaredException[]
}

const clientMembers: Readonly<Record<string, Shape>> = {
  ...Object.fromEntries(registrationMembers.map((member) => [member, clientShapes[member] ?? 'any'])),
  ...clientExtras,
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

/** A member that is missing is a fault by itself; the empty value never gets further. */
function readException(reader: Reader): DeclaredException {
  const { key, origin, places } = reader.entry
  const values = members(reader, exceptionShapes)
  required(reader, values, Object.keys(exceptionShapes))
  const id = declaredExceptionId(key)
  requireName(reader, id === key)
  const text = (member: keyof typeof exceptionShapes): string => (values[member] as string | undefined) ?? ''
  const time = (member: 'created' | 'deadline'): Seconds => ((values[member] as number | undefined) ?? 0) as Seconds
  return {
    key,
    id,
    request: {
      clientId: declaredClientId(text('client')),
      owner: text('owner'),
      reason: text('reason'),
      ticket: text('ticket'),
      compensatingControl: text('compensatingControl'),
      acceptedBy: text('acceptedBy'),
      deadline: time('deadline'),
    },
    created: time('created'),
    origin,
    places,
  }
}

function readClient(reader: Reader): DeclaredClient {
  const { key, origin, places } = reader.entry
  const { secret, secretFile, disabled, ...registration } = members(reader, clientMembers)
  required(reader, registration, ['type', 'name'])
  requireName(reader, isClientId(key))
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
    signingAlgorithm: (values['signingAlgorithm'] ??
      laterResourceMembers.signingAlgorithm) as Resource['signingAlgorithm'],
    documentation: values['documentation'] as string | undefined,
    notByDevice: (values['notByDevice'] ?? laterResourceMembers.notByDevice) as Resource['notByDevice'],
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
  const exceptions: DeclaredException[] = []
  for (const entry of last.values()) {
    if (entry.section === 'clients') clients.push(readClient({ entry, faults }))
    else if (entry.section === 'resources') resources.push(readResource({ entry, faults }))
    else exceptions.push(readException({ entry, faults }))
  }
  return { declarations: { clients, resources, exceptions }, faults }
}
