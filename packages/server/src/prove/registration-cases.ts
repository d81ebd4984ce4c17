import type { HttpResponse } from '../model/http.ts'
import { describedAs, takes } from './proof-clients.ts'
import type { ProvingGround } from './proving-ground.ts'
import type { ProofCase } from './report.ts'

type Refused = {
  readonly requirement: string
  readonly title: string
  readonly expected: string
  readonly changes: Readonly<Record<string, unknown>>
}

const metadata = '400 invalid_client_metadata'
const address = '400 invalid_redirect_uri'
const weaker = (title: string, changes: Refused['changes']): Refused => ({
  ...{ requirement: 'A-DCR-09', title, expected: metadata, changes },
})
const uri = (title: string, redirectUri: string): Refused => ({
  ...{ requirement: 'A-DCR-05', title, expected: address, changes: { redirect_uris: [redirectUri] } },
})

/** What nobody becomes a client with: each an honest registration but for one thing. */
const refused: readonly Refused[] = [
  { requirement: 'A-DCR-09', title: 'control: a registration', expected: '201 with a client', changes: {} },
  weaker('a client that wants no PKCE', { require_pkce: false }),
  weaker('a client that wants plain', { code_challenge_methods_supported: ['S256', 'plain'] }),
  uri('a redirect URI with a wildcard', 'https://*.dynamic.invalid/cb'),
  uri('a redirect URI without TLS', 'http://dynamic.invalid/cb'),
  uri('a redirect URI with a fragment', 'https://dynamic.invalid/cb#here'),
  ...['implicit', 'password'].map((grant) => ({
    ...{ requirement: 'A-DCR-06', title: `the grant ${grant}`, expected: metadata },
    changes: { grant_types: ['authorization_code', grant] },
  })),
]

/** What nobody becomes a client with under FAPI 2.0 either (Security Profile 5.3.2.1 and 5.4.1). */
const underFapi: readonly Refused[] = [
  ...['none', 'client_secret_basic', 'client_secret_post'].map((method) => ({
    ...{
      requirement: method === 'none' ? 'B-FAPI-01' : 'B-FAPI-03',
      title: `the method ${method}`,
      expected: metadata,
    },
    changes: { token_endpoint_auth_method: method, jwks: undefined },
  })),
  ...['id_token_signed_response_alg', 'authorization_signed_response_alg', 'request_object_signing_alg'].map(
    (member) => ({
      ...{ requirement: 'B-FAPI-12', title: `RS256 as ${member}`, expected: metadata },
      changes: { [member]: 'RS256' },
    }),
  ),
]

function seenAt({ status, body }: HttpResponse): string {
  const { client_id: id, error } = JSON.parse(Buffer.from(body).toString()) as { client_id?: string; error?: string }
  return id === undefined ? `${status} ${error ?? 'without an error'}` : `${status} with a client`
}

/** Every case of the registration endpoint: no client talks itself out of what holds for all. */
export async function registrationCases(ground: ProvingGround): Promise<readonly ProofCase[]> {
  const cases: ProofCase[] = []
  const { registry } = ground
  const open = takes(registry)
  const [method, keys] = open ? (['none'] as const) : (['private_key_jwt', registry.pair.jwks] as const)
  for (const { requirement, title, expected, changes } of open ? refused : [...refused, ...underFapi]) {
    const seen = seenAt(await registry.selfRegister({ ...describedAs(method, 'dynamic.invalid', keys), ...changes }))
    const facts = { requirement, entry: 'registration', client: `self-registered, ${method}`, title }
    cases.push({ ...facts, expected, seen, holds: seen === expected })
  }
  return cases
}
