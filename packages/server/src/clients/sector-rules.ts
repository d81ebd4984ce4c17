import type { ClientChannel, SubjectType } from '../model/client.ts'
import type { ClientFault } from './client-fault.ts'
import { pageUriFault } from './page-rules.ts'
import type { ClientRegistration } from './registration.ts'

export const subjectTypes: readonly SubjectType[] = ['public', 'pairwise']

/** The one host of redirect URIs, or `undefined`: loopback and schemes of applications are nobody's host (A-PPID-04). */
export function commonHost(redirectUris: readonly string[]): string | undefined {
  const hosts = new Set(redirectUris.map((uri) => (uri.startsWith('https://') ? new URL(uri).hostname : undefined)))
  const [host] = hosts
  return hosts.size === 1 ? host : undefined
}

/**
 * Pairwise identifiers need a sector to be pairwise in (OpenID Connect Registration section 5, A-PPID-03, B-SUB-03). A client
 * that is a document has one whatever its redirect URIs are: the host of the document (A-PPID-04).
 */
export function sectorFaults(input: ClientRegistration, channel: ClientChannel): ClientFault[] {
  const { subjectType, sectorIdentifierUri, redirectUris = [] } = input
  if (subjectType !== undefined && !subjectTypes.includes(subjectType))
    return [{ member: 'subjectType', problem: 'must be public or pairwise' }]
  const problem = sectorIdentifierUri === undefined ? undefined : pageUriFault(sectorIdentifierUri)
  if (problem !== undefined) return [{ member: 'sectorIdentifierUri', problem }]
  if (subjectType !== 'pairwise' || sectorIdentifierUri !== undefined || channel === 'metadata_document') return []
  // What cannot be read as an address is another rule's to refuse.
  if (redirectUris.some((uri) => typeof uri !== 'string' || !URL.canParse(uri))) return []
  return commonHost(redirectUris) === undefined
    ? [
        {
          member: 'subjectType',
          problem: 'pairwise needs https redirect URIs of one host, or a sectorIdentifierUri',
        },
      ]
    : []
}
