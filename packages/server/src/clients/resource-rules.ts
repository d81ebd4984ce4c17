import {
  canonicalResource,
  floor,
  hiddenCharacters,
  identityScopes,
  isJwsAlgorithm,
  jwsAlgorithms,
  parseScope,
} from '@sallyport/protocol'
import type { Resource, TokenBinding, TokenFormat } from '../model/resource.ts'
import { pageUriFault } from './page-rules.ts'
import type { ClientFault } from './client-fault.ts'

export const tokenFormats: readonly TokenFormat[] = ['jwt', 'opaque']
export const tokenBindings: readonly TokenBinding[] = ['bearer', 'dpop', 'mtls']

const maxScopes = 100
const maxText = 100
const maxWords = 300

const isText = (value: unknown, most: number): value is string =>
  typeof value === 'string' && value.trim() !== '' && value.length <= most && !hiddenCharacters.test(value)

function scopeFaults(scopes: Resource['scopes']): ClientFault[] {
  const faults: ClientFault[] = []
  const found = (problem: string): void => void faults.push({ member: 'scopes', problem })
  if (scopes.length > maxScopes) found(`has more than ${maxScopes} entries`)
  const seen = new Set<string>()
  for (const { name, description } of scopes.slice(0, maxScopes)) {
    const shown = JSON.stringify(name.slice(0, 80))
    if (parseScope(name)?.length !== 1) found(`${shown} is no scope`)
    else if (identityScopes.includes(name)) found(`${shown} belongs to the authorization server itself`)
    else if (seen.has(name)) found(`${shown} is there twice`)
    if (!isText(description, maxWords)) found(`${shown} needs words of 1 to ${maxWords} characters`)
    seen.add(name)
  }
  return faults
}

/** A mark that fits no scope protects nothing, so a misspelt one is found at once. */
const deviceFaults = ({ scopes, notByDevice }: Resource): ClientFault[] =>
  notByDevice
    .filter((name) => !scopes.some((scope) => scope.name === name))
    .map((name) => ({ member: 'notByDevice', problem: `${JSON.stringify(name.slice(0, 80))} is none of its scopes` }))

function tokenFaults({ format, binding, signingAlgorithm, accessTokenLifetime }: Resource): ClientFault[] {
  const faults: ClientFault[] = []
  if (!tokenFormats.includes(format)) faults.push({ member: 'format', problem: `must be ${tokenFormats.join(' or ')}` })
  if (!tokenBindings.includes(binding))
    faults.push({ member: 'binding', problem: `must be one of ${tokenBindings.join(', ')}` })
  if (!isJwsAlgorithm(signingAlgorithm))
    faults.push({ member: 'signingAlgorithm', problem: `must be one of ${Object.keys(jwsAlgorithms).join(', ')}` })
  const { min, max } = floor.accessTokenLifetime
  if (
    accessTokenLifetime !== undefined &&
    !(Number.isInteger(accessTokenLifetime) && accessTokenLifetime >= min && accessTokenLifetime <= max)
  )
    faults.push({ member: 'accessTokenLifetime', problem: `must be a whole number of seconds from ${min} to ${max}` })
  return faults
}

/** Everything wrong with an API as it is described; empty when it may be stored. The one validator for every way in. */
export function resourceFaults(resource: Resource): readonly ClientFault[] {
  const faults: ClientFault[] = []
  if (canonicalResource(resource.id) !== resource.id)
    faults.push({ member: 'id', problem: 'must be an https URI in canonical form, without a query and a fragment' })
  if (!isText(resource.name, maxText))
    faults.push({ member: 'name', problem: `must be 1 to ${maxText} characters without control characters` })
  const { documentation } = resource
  const problem = documentation === undefined ? undefined : pageUriFault(documentation)
  if (problem !== undefined) faults.push({ member: 'documentation', problem })
  return [...faults, ...scopeFaults(resource.scopes), ...deviceFaults(resource), ...tokenFaults(resource)]
}
