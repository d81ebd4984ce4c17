import { createTrustedIssuers, PolicyError, type TrustedIssuer } from '@sallyport/server'
import { declaredClientId } from './declared-ids.ts'
import { recordList } from './record-list.ts'
import { setting, type Setting } from './setting.ts'

/** The first fault that the server would not start with. */
function firstFault(make: () => unknown): string | undefined {
  try {
    make()
    return undefined
  } catch (error) {
    if (error instanceof PolicyError) return error.faults[0]?.problem
    throw error
  }
}

const trustedIssuers = setting(
  'assertions.issuers',
  recordList<TrustedIssuer>({
    members: {
      issuer: 'text',
      accepts: 'text',
      jwks: 'keys',
      jwksUri: 'text',
      algorithm: 'text',
      tenant: 'text',
      clients: 'texts',
      scope: 'texts',
      resources: 'texts',
      people: 'any',
    },
    required: ['issuer', 'clients', 'scope', 'people'],
    judge: (entries) => firstFault(() => createTrustedIssuers(entries)),
    fix: 'write issuer, jwksUri or jwks, clients, scope, and people: same, or people with each identifier there and here',
  }),
  'Other issuers whose assertions about people count (JWT bearer grant, ID-JAG), each for named clients and scopes',
  { fallback: [] as readonly TrustedIssuer[] },
)

/** Everything about tokens that come from other tokens. */
export const exchangeSettings: readonly Setting<unknown>[] = [trustedIssuers].map(
  (one) => one as unknown as Setting<unknown>,
)

/** What the server is told; clients may be named as they are declared. */
export const exchangeOptions = (
  value: <T>(setting: Setting<T>) => T,
): { readonly trustedIssuers: readonly TrustedIssuer[] } => ({
  trustedIssuers: value(trustedIssuers).map((entry) => ({ ...entry, clients: entry.clients.map(declaredClientId) })),
})
