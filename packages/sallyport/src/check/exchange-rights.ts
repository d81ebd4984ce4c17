import { createHash } from 'node:crypto'
import { kindsOf, type ExchangeRule, type IdentityAudience, type TrustedIssuer } from '@sallyport/server'

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

/** One line for each exchange that is allowed. */
export const exchangeRights = (rules: readonly ExchangeRule[]): readonly string[] =>
  rules
    .flatMap((rule) => {
      const { clients, from = anywhere, targets, scope, actorTokens, impersonation } = rule
      const may = `${impersonation === true ? ' as the person' : ''}${actorTokens === true ? ' with actor tokens' : ''}`
      const subjects = kindsOf(rule).flatMap((kind) => from.map((client) => `${kind} of ${client}`))
      return clients.flatMap((client) =>
        subjects.flatMap((subject) =>
          targets.flatMap((target) => scope.map((value) => `${client}: ${subject} for ${value} at ${target}${may}`)),
        ),
      )
    })
    .sort()

/** One line for each client whose tokens name who may act; one less lets everybody act whom a rule names. */
export const actorPairs = (pairs: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(pairs)
    .map(([client, actor]) => `${client}: ${actor}`)
    .sort()

/** One line for each scope that a client may take to another server; whatever narrows the people and their sign-in is part of it. */
export const audienceRights = (audiences: readonly IdentityAudience[]): readonly string[] =>
  audiences
    .flatMap(({ audience, clients, scope, resources = [''], knownAs = '', people, maxAge, acrValues }) => {
      const who = people === undefined ? anywhere : people.map((person) => fingerprint(person))
      const signIn = [maxAge ?? 'any age', ...(acrValues ?? ['any class'])].join(' ')
      return Object.entries(clients).flatMap(([client, there]) =>
        scope.flatMap((value) =>
          resources.flatMap((api) =>
            who.map((person) => `${audience}: ${client} as ${there} ${value} ${api} ${knownAs} ${person} ${signIn}`),
          ),
        ),
      )
    })
    .sort()
