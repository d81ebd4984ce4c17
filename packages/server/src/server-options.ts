import type { JwsAlgorithm, Random, Seconds } from '@sallyport/protocol'
import type { KeyObject } from 'node:crypto'
import type { Alert } from './alerts.ts'
import type { DocumentOptions } from './document-policy.ts'
import type { ExternalKeys } from './model/external-keys.ts'
import type { ExchangeOptions } from './exchange-policy.ts'
import type { IdentityAudience } from './identity-audiences.ts'
import type { Accounts } from './model/accounts.ts'
import type { SecurityEvent } from './model/authorization.ts'
import type { DetailType } from './model/detail.ts'
import type { OutboundOptions } from './model/outbound.ts'
import type { Pages } from './model/pages.ts'
import type { Route } from './model/route.ts'
import type { Store } from './model/store.ts'
import type { MutualTlsOptions } from './mutual-tls.ts'
import type { PolicyOptions } from './policy.ts'
import type { RegistrationOptions } from './registration-policy.ts'
import type { TrustedIssuer } from './trusted-issuers.ts'

/** What went wrong inside, for the operator's log alone. */
export type Fault = { readonly requestId: string | undefined; readonly message: string; readonly cause: unknown }

export type ServerOptions = {
  /** The issuer identifier: https, or http on the loopback interface for development. No query, no fragment. */
  readonly issuer: string
  readonly store: Store
  readonly accounts: Accounts
  readonly pages: Pages
  /** 32 random bytes kept outside the store; seals the signing keys. */
  readonly masterKey: Uint8Array
  readonly policy?: PolicyOptions | undefined
  /** Who may register clients over the network; nobody when left out. */
  readonly registration?: RegistrationOptions | undefined
  /** How clients come with certificates (RFC 8705); nobody does when left out, and certificates mean nothing. */
  readonly mutualTls?: MutualTlsOptions | undefined
  /** Pages and assets beside the endpoints. */
  readonly routes?: readonly Route[] | undefined
  /** Receives each security event as it is written. */
  readonly onEvent?: ((event: SecurityEvent) => void) | undefined
  /** Receives each alert, once when it is raised and once with its count (A-LOG-03). */
  readonly onAlert?: ((alert: Alert) => void) | undefined
  /** Receives each internal fault. */
  readonly onFault?: ((fault: Fault) => void) | undefined
  /** Receives counts for metrics. */
  readonly onMeasure?: ((name: string, labels: Readonly<Record<string, string>>) => void) | undefined
  /** Path below the issuer under which the help pages of errors are served, such as `/docs/errors/`. */
  readonly helpPath?: string | undefined
  /** Path below the issuer of the documentation. */
  readonly documentationPath?: string | undefined
  /** Shows developers more on error pages; only possible with a loopback issuer. */
  readonly development?: boolean | undefined
  /** Accepts the challenges printed in RFC 7636; only for tests. */
  readonly acceptPublishedChallenges?: boolean | undefined
  /** Signature algorithms to keep keys for; ES256 is always among them. */
  readonly algorithms?: readonly JwsAlgorithm[] | undefined
  /** Seconds between two rounds of upkeep (sweeping, key rotation); 0 leaves `maintain` to the host. Default 10. */
  readonly upkeepInterval?: number | undefined
  /** Whose clients may describe themselves in a document instead of being registered; nobody's when left out. */
  readonly metadataDocuments?: DocumentOptions | undefined
  /** Other issuers whose assertions about people count (RFC 7523 section 2.1); nobody's when left out. */
  readonly trustedIssuers?: readonly TrustedIssuer[] | undefined
  /** Other authorization servers for which clients may get identity assertions (ID-JAG); none when left out. */
  readonly identityAudiences?: readonly IdentityAudience[] | undefined
  /** Types of `authorization_details` that clients may ask for (RFC 9396); none when left out. */
  readonly authorizationDetails?: readonly DetailType[] | undefined
  /** Who may exchange which tokens for which others (RFC 8693); nobody when left out. */
  readonly exchange?: ExchangeOptions | undefined
  /** How the server reaches other hosts; the guard itself cannot be turned off. */
  readonly outbound?: OutboundOptions | undefined
  readonly now?: (() => Seconds) | undefined
  readonly random?: Random | undefined
  /** Signing keys that are kept elsewhere, for the algorithms they are named for; the other keys are sealed in the store. */
  readonly externalKeys?: ExternalKeys | undefined
  /** Lets keys of the store follow keys of a place that is not configured any more; without it such a server does not start. */
  readonly leaveExternalKeys?: boolean | undefined
  readonly generateKeyPair?: ((alg: JwsAlgorithm) => Promise<KeyObject>) | undefined
}
