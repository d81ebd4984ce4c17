import type { JwsAlgorithm } from '@sallyport/protocol'
import type {
  DetailType,
  DocumentOptions,
  ExchangeOptions,
  IdentityAudience,
  ExternalKeys,
  MutualTlsOptions,
  OutboundOptions,
  PolicyOptions,
  RegistrationOptions,
  Resource,
  Route,
  Store,
  TrustedIssuer,
} from '@sallyport/server'
import type { PeopleFacts, TestPeople } from './people.ts'
import type { ClientKind } from './standard-clients.ts'

export type TestIssuerOptions = {
  /** The issuer identifier; `https://as.test` when left out. */
  readonly issuer?: string | undefined
  /** Where everything is kept; a new memory store when left out. The caller closes a store of its own. */
  readonly store?: Store | undefined
  /** Instant at which the clock stands, in seconds since 1970. */
  readonly start?: number | undefined
  /** Makes every handle, key id and nonce the same in each run. Without it the system's randomness is used. */
  readonly seed?: string | undefined
  readonly policy?: PolicyOptions | undefined
  /** Who may register clients over the network; nobody when left out. */
  readonly registration?: RegistrationOptions | undefined
  /** How clients come with certificates; none does when left out. */
  readonly mutualTls?: MutualTlsOptions | undefined
  /** Types of authorization details; none when left out. */
  readonly authorizationDetails?: readonly DetailType[] | undefined
  readonly algorithms?: readonly JwsAlgorithm[] | undefined
  /** Signing keys that are kept elsewhere; none when left out. */
  readonly externalKeys?: ExternalKeys | undefined
  /** The kinds of client to register; all of them when left out. */
  readonly clients?: readonly ClientKind[] | undefined
  /** The APIs there are; the standard two when left out. */
  readonly resources?: readonly Resource[] | undefined
  /** A user base; the built-in one when left out. */
  readonly people?: ((facts: PeopleFacts) => TestPeople) | undefined
  readonly routes?: readonly Route[] | undefined
  /** Whose metadata documents count; nobody's when left out. */
  readonly metadataDocuments?: DocumentOptions | undefined
  /** Whose assertions about people count; nobody's when left out. */
  readonly trustedIssuers?: readonly TrustedIssuer[] | undefined
  /** Other authorization servers for which there are identity assertions; none when left out. */
  readonly identityAudiences?: readonly IdentityAudience[] | undefined
  /** Who may exchange which tokens; nobody when left out. */
  readonly exchange?: ExchangeOptions | undefined
  /** How the issuer reaches other hosts; a test puts name server and connections of its own here. */
  readonly outbound?: OutboundOptions | undefined
  readonly development?: boolean | undefined
  readonly acceptPublishedChallenges?: boolean | undefined
  /** Path under which help pages are said to be; `/docs/errors/` when left out. */
  readonly helpPath?: string | undefined
  readonly documentationPath?: string | undefined
}
