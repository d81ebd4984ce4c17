import type { HttpResponse } from '../model/http.ts'
import { describedAs } from './proof-clients.ts'
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

function seenAt({ status, body }: HttpResponse): string {
  const { client_id: id, error } = JSON.parse(Buffer.from(body).toString()) as { client_id?: string; error?: string }
  return id === undefined ? `${status} ${error ?? 'without an error'}` : `${status} with a client`
}

/** Every case of the registration endpoint: no client talks itself out of what holds for all. */
export async function registrationCases(ground: ProvingGround): Promise<readonly ProofCase[]> {
  const cases: ProofCase[] = []
  for (const { requirement, title, expected, changes } of refused) {
    const seen = seenAt(await ground.registry.selfRegister({ ...describedAs('none', 'dynamic.invalid'), ...changes }))
    const facts = { requirement, entry: 'registration', client: 'self-registered, none', title }
    cases.push({ ...facts, expected, seen, holds: seen === expected })
  }
  return cases
}
