/** What a rule found: which rule, where, and what to do. */
export type CheckFinding = {
  readonly rule: RuleId
  readonly key: string
  /** A file with its line, a flag, a variable, or where else it came from. */
  readonly origin: string
  readonly problem: string
  readonly fix: string
}

/** A note is said and fails nothing. */
export type Severity = 'error' | 'warning' | 'note'

type Rule = { readonly severity: Severity; readonly about: string }

/** Every rule of `config check`. Errors and warnings fail the check; the severity tells what to mend first. */
export const rules = {
  'issuer-not-https': { severity: 'error', about: 'The issuer is an https URL' },
  'issuer-development': { severity: 'note', about: 'The issuer of the store is no issuer for development' },
  'hsts-missing': { severity: 'error', about: 'Browsers are told to come back over TLS only' },
  'weak-bound': { severity: 'error', about: 'Every value lies within its floor and its ceiling' },
  'listener-without-tls': { severity: 'error', about: 'The public listener is reached through TLS only' },
  'proxy-anybody': { severity: 'error', about: 'Only proxies of the operator say where a request came from' },
  'management-exposed': { severity: 'error', about: 'Health and metrics stay on this machine' },
  'fetch-loopback': { severity: 'error', about: 'The server fetches nothing from its own machine' },
  'registration-open': { severity: 'error', about: 'Open registration is limited to hosts that are known' },
  'redirect-uri-not-exact': { severity: 'error', about: 'Redirect URIs are complete, exact and safe' },
  'client-development': { severity: 'note', about: 'Registered clients could be registered in production' },
  'redirect-uri-shared': { severity: 'error', about: 'No two clients have the same https redirect URI' },
  'client-refused': { severity: 'error', about: 'Every client follows the rules of registration' },
  'client-id-twice': { severity: 'error', about: 'A client is declared once' },
  'resource-unknown': { severity: 'error', about: 'Clients name only resources that are there' },
  'resource-refused': { severity: 'error', about: 'Every resource follows the rules of the server' },
  'scope-unknown': { severity: 'warning', about: 'Clients ask only for scopes that a resource or OpenID Connect has' },
  'grant-not-offered': { severity: 'warning', about: 'Clients have only grants that the policy offers' },
  'signed-request-not-offered': {
    severity: 'error',
    about: 'Signed requests are demanded only where the policy takes them',
  },
  'request-uri-not-offered': {
    severity: 'warning',
    about: 'Addresses of requests are registered only where the policy has them fetched',
  },
  'certificate-not-offered': { severity: 'error', about: 'Certificates are demanded only where they are taken' },
  'proof-not-offered': { severity: 'error', about: 'Bound tokens are demanded only where the policy takes proofs' },
  'secret-without-use': { severity: 'warning', about: 'Only clients that have a secret are given one' },
  'exception-forbidden': {
    severity: 'error',
    about: 'Exceptions from PKCE are declared only where the policy lets some be',
  },
  'exception-refused': {
    severity: 'error',
    about: 'Every exception from PKCE is complete, short and accepted by somebody else',
  },
  'exception-expired': { severity: 'error', about: 'No exception from PKCE is past its deadline' },
  'exception-standing': { severity: 'warning', about: 'No client is excepted from PKCE' },
  'exception-reviewed': { severity: 'note', about: 'No client is excepted from PKCE, not even as the baseline says' },
  'fapi2-public-client': { severity: 'error', about: 'FAPI 2.0: clients are confidential' },
  'fapi2-shared-secret': { severity: 'error', about: 'FAPI 2.0: clients prove themselves by keys' },
  'fapi2-bearer': { severity: 'error', about: 'FAPI 2.0: access tokens are bound to a key' },
  'fapi2-code-lifetime': { severity: 'error', about: 'FAPI 2.0: a code lives at most 60 seconds' },
  'fapi2-exceptions': { severity: 'error', about: 'FAPI 2.0: no client is excepted from PKCE' },
  'fapi2-assertion-audience': { severity: 'error', about: 'FAPI 2.0: assertions name the issuer and nothing else' },
  'fapi2-direct-request': { severity: 'error', about: 'FAPI 2.0: authorization requests are pushed' },
  'fapi2-algorithm': { severity: 'error', about: 'FAPI 2.0: PS256, ES256 or EdDSA' },
  'profile-client': { severity: 'error', about: 'Every client fits the profile it is held to' },
  'fapi2-unsigned': { severity: 'error', about: 'FAPI 2.0 Message Signing: requests and responses are signed' },
  'fapi2-registration': { severity: 'error', about: 'FAPI 2.0: no client comes in that does not keep the profile' },
  'mcp-no-resource': { severity: 'error', about: 'MCP: every server is a resource of its own' },
  'mcp-unnamed-resource': { severity: 'warning', about: 'MCP: a client names the servers it may reach' },
  'mcp-private-scheme': { severity: 'error', about: 'MCP: clients return to https or to this machine' },
  'mcp-registration': { severity: 'warning', about: 'MCP: clients that register themselves keep its rules' },
  'policy-regression': { severity: 'error', about: 'The effective policy is no weaker than the baseline' },
} as const satisfies Record<string, Rule>

export type RuleId = keyof typeof rules

/** Whether a finding fails the check. */
export const fails = ({ rule }: CheckFinding): boolean => severityOf(rule) !== 'note'

export const severityOf = (rule: RuleId): Severity => rules[rule].severity

/** File and line of an origin, where it has them. */
export function placeOf(origin: string): { readonly file: string; readonly line: number } | undefined {
  const [, file, line] = /^(.+):(\d{1,9})$/.exec(origin) ?? []
  return file === undefined || file.includes('://') ? undefined : { file, line: Number(line) }
}

export const findingLine = ({ rule, key, origin, problem, fix }: CheckFinding): string =>
  `${rules[rule].severity} ${rule} ${key} (${origin}): ${problem}; ${fix}`
