import { laterResourceMembers, type Resource } from '../model/resource.ts'
import type { HttpResponse } from '../model/http.ts'
import { credentials } from './credentials.ts'
import { registerProofClient, type ProofClient } from './proof-clients.ts'
import type { Parameters, ProvingGround } from './proving-ground.ts'
import type { ProofCase } from './report.ts'
import { bodyOf, seenAt } from './redemption.ts'
import { invalidClient, runSteps, tokens, type SteppedCase } from './steps.ts'

const api = (name: string): Resource => ({
  ...{ id: `https://${name}.invalid`, name, scopes: [{ name, description: name }], accessTokenLifetime: undefined },
  ...laterResourceMembers,
})
const [first, second] = [api('first'), api('second')] as const

const invalidTarget = '400 invalid_target'

/** Asks for a token of the client itself. */
async function ask(ground: ProvingGround, client: ProofClient, sent: Parameters): Promise<HttpResponse> {
  const { parameters, headers } = await credentials(ground, client)
  return ground.send('POST', '/oauth2/token', { ...parameters, grant_type: 'client_credentials', ...sent }, headers)
}

/** Whom an access token is for, and what it may do there: read as an API reads it. */
function meant(answer: HttpResponse): string {
  const [, payload = ''] = String(bodyOf(answer)['access_token']).split('.')
  const { aud, scope } = JSON.parse(Buffer.from(payload, 'base64url').toString() || '{}') as Record<string, unknown>
  return `${String(scope)} at ${String(aud)}`
}

/** What a client that acts for itself gets, and for whom. The kill switch is the last of them. */
const cases: readonly SteppedCase[] = [
  {
    requirement: 'A-CC-03',
    title: 'a scope that belongs to people',
    steps: async (ground, client) => [['400 invalid_scope', seenAt(await ask(ground, client, { scope: 'openid' }))]],
  },
  {
    requirement: 'B-ATJ-03',
    title: 'a scope of two APIs, none of them named, then one',
    steps: async (ground, client) => {
      const both = { scope: 'first second' }
      return [
        [invalidTarget, seenAt(await ask(ground, client, both))],
        [`first at ${first.id}`, meant(await ask(ground, client, { ...both, resource: first.id }))],
      ]
    },
  },
  {
    requirement: 'A-RES-04',
    title: 'a scope of another API than the one that is named, then of none',
    steps: async (ground, client) => [
      [invalidTarget, seenAt(await ask(ground, client, { scope: 'first', resource: second.id }))],
      [invalidTarget, seenAt(await ask(ground, client, { scope: 'first', resource: ground.issuer }))],
      [`first at ${first.id}`, meant(await ask(ground, client, { scope: 'first' }))],
    ],
  },
  {
    requirement: 'A-RES-02',
    title: 'an API that nobody registered',
    steps: async (ground, client) => [
      [invalidTarget, seenAt(await ask(ground, client, { scope: 'third', resource: 'https://nobody.invalid' }))],
    ],
  },
  {
    requirement: 'A-GOV-05',
    title: 'an agent that was stopped in this very second',
    steps: async (ground, client) => {
      const before = seenAt(await ask(ground, client, { scope: 'first' }))
      await ground.store.containment.contain(client.record.id, ground.now(), [])
      return [
        [tokens, before],
        [invalidClient, seenAt(await ask(ground, client, { scope: 'first' }))],
      ]
    },
  },
]

/** Every case of an agent that acts for nobody but itself, with two APIs that it may reach. */
export async function machineCases(ground: ProvingGround): Promise<readonly ProofCase[]> {
  for (const resource of [first, second]) await ground.store.admin.saveResource(resource, [])
  // Of resources the server may know the state of a second ago.
  ground.advance(2)
  const client = await registerProofClient(ground.registry, 'agent, for itself', {
    ...{ type: 'agent', name: 'Proof', owner: 'the proof', purpose: 'to be proven' },
    ...{ authenticationMethod: 'private_key_jwt', redirectUris: ['https://alone.invalid/cb'] },
    // It could act for people as well, so that what keeps their scopes from it is the rule and not its registration.
    ...{ grantTypes: ['authorization_code', 'client_credentials'], scope: 'openid first second third' },
  })
  return runSteps({ ground, entry: 'token', client }, cases)
}
