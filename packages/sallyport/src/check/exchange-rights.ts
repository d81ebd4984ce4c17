import { createHash } from 'node:crypto'
import type { TrustedIssuer } from '@sallyport/server'

const fingerprint = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 16)

const anywhere = ['*']

/** One line for each right that the word of another issuer gives, so that one more is seen as such; keys and people by digests. */
export const assertionRights = (entries: readonly TrustedIssuer[]): readonly string[] =>
  entries
    .flatMap(({ issuer, accepts = 'jwt', tenant, jwks, jwksUri, algorithm, clients, scope, resources, people }) => {
      const name = `${issuer}${tenant === undefined ? '' : ` tenant ${tenant}`} ${accepts}`
      const rights = clients.flatMap((client) =>
        scope.flatMap((value) => (resources ?? anywhere).map((api) => `${name}: ${client} ${value} at ${api}`)),
      )
      const keys = jwksUri ?? fingerprint(jwks)
      const who = people === 'same' ? people : fingerprint(people)
      return [...rights, `${name}: keys ${keys} ${algorithm ?? ''}`.trim(), `${name}: people ${who}`]
    })
    .sort()
