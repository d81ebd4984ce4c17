/** Whose metadata documents count: nobody's, those of listed hosts, of others after a look by an operator, or anybody's. */
export const documentModes = ['none', 'listed', 'review', 'any'] as const
export type DocumentMode = (typeof documentModes)[number]

/** What an operator says about clients that describe themselves in a document (OAuth Client ID Metadata Document). */
export type DocumentOptions = {
  /** `none` when left out: registered clients only. */
  readonly accept?: DocumentMode | undefined
  /** Hosts that are trusted to name clients; each stands for itself and what is below it. */
  readonly hosts?: readonly string[] | undefined
  /** Hosts that never are, whatever else is said. */
  readonly blockedHosts?: readonly string[] | undefined
  /** Pairs of a document and an https redirect URI on another origin, with a space between them, that an operator allows. */
  readonly redirects?: readonly string[] | undefined
}

export type DocumentPolicy = {
  readonly accept: DocumentMode
  readonly hosts: readonly string[]
  readonly blockedHosts: readonly string[]
  readonly redirects: readonly string[]
  /** Documents on this machine count as well, by plain http; for a server that is itself in development. */
  readonly loopback: boolean
}

const hostSyntax = /^(?=.{1,253}$)[a-z0-9-]+(?:\.[a-z0-9-]+)*$/

/** Why a word cannot stand in a list of hosts. */
export const hostFault = (host: string): string | undefined =>
  hostSyntax.test(host) ? undefined : `${JSON.stringify(host.slice(0, 100))} is no host name in lower case`

/** Why a word cannot stand in the list of allowed redirects. */
export const pairFault = (pair: string): string | undefined =>
  pair.length <= 2600 && /^https:\/\/[\x21-\x7e]+ https:\/\/[\x21-\x7e]+$/.test(pair)
    ? undefined
    : `${JSON.stringify(pair.slice(0, 100))} is not the address of a document, a space, and a redirect URI`

/** Throws for an entry that could never fit: a block that blocks nothing must not go unseen. */
export function createDocumentPolicy(options: DocumentOptions = {}, loopback = false): DocumentPolicy {
  const { accept = 'none', hosts = [], blockedHosts = [], redirects = [] } = options
  if (!documentModes.includes(accept)) throw new TypeError(`accept must be one of ${documentModes.join(', ')}`)
  for (const host of [...hosts, ...blockedHosts]) {
    const fault = hostFault(host)
    if (fault !== undefined) throw new TypeError(fault)
  }
  for (const pair of redirects) {
    const fault = pairFault(pair)
    if (fault !== undefined) throw new TypeError(fault)
  }
  return Object.freeze({
    accept,
    hosts: [...hosts],
    blockedHosts: [...blockedHosts],
    redirects: [...redirects],
    loopback,
  })
}

const names = (list: readonly string[], host: string): boolean =>
  list.some((entry) => host === entry || host.endsWith(`.${entry}`))

/** What the policy says of documents on a host (A-CIMD-12). */
export function documentTrust(policy: DocumentPolicy, host: string): 'allow' | 'review' | 'block' {
  if (policy.accept === 'none' || names(policy.blockedHosts, host)) return 'block'
  if (policy.accept === 'any' || names(policy.hosts, host)) return 'allow'
  return policy.accept === 'review' ? 'review' : 'block'
}
