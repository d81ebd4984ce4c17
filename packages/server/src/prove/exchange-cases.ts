import type { ClientRegistration } from '../clients/registration.ts'
import type { HttpResponse } from '../model/http.ts'
import { jwtBearerGrant, tokenExchangeGrant } from '../model/client.ts'
import { laterResourceMembers, type Resource } from '../model/resource.ts'
import { subject } from './browser.ts'
import { assertionOf, credentials } from './credentials.ts'
import { exchangerId as id, target, voucher } from './exchanging.ts'
import { registerProofClient, type ProofClient } from './proof-clients.ts'
import type { Parameters, ProvingGround } from './proving-ground.ts'
import { bodyOf, issue, redeem, seenAt } from './redemption.ts'
import type { ProofCase } from './report.ts'
import { invalidGrant, invalidRequest, runSteps, tokens, type SteppedCase } from './steps.ts'

const api = (name: string): Resource => ({
  ...{ id: `https://${name}.invalid`, name, accessTokenLifetime: undefined },
  scopes: ['passed', 'kept'].map((scope) => ({ name: scope, description: scope })),
  ...laterResourceMembers,
})
const [front, behind, other] = [api('front'), { ...api('behind'), id: target }, api('other')] as const

async function ask(ground: ProvingGround, client: ProofClient, sent: Parameters): Promise<HttpResponse> {
  const { parameters, headers } = await credentials(ground, client)
  return ground.send('POST', '/oauth2/token', { ...parameters, ...sent }, headers)
}

/** A token of the person for an API, as an application gets it. */
async function personal(ground: ProvingGround, application: ProofClient, resource: string): Promise<string> {
  const issued = await issue(ground, application, undefined, { scope: 'openid passed kept', resource })
  return String(bodyOf(await redeem(ground, issued))['access_token'])
}

const exchange = (ground: ProvingGround, client: ProofClient, token: string, more: Parameters = {}) =>
  ask(ground, client, {
    ...{ grant_type: tokenExchangeGrant, subject_token: token, audience: behind.id, scope: 'passed' },
    ...{ subject_token_type: 'urn:ietf:params:oauth:token-type:access_token', ...more },
  })

/** Who acts, by the token itself. */
function actor(answer: HttpResponse): string {
  const [, payload = ''] = String(bodyOf(answer)['access_token']).split('.')
  const { act } = JSON.parse(Buffer.from(payload, 'base64url').toString() || '{}') as { act?: { sub?: string } }
  return act?.sub ?? 'nobody'
}

/** Tokens of one person at two APIs, of which the client is the first. */
type Held = { readonly ofFront: string; readonly ofOther: string }

const exchanges = ({ ofFront, ofOther }: Held): readonly SteppedCase[] => [
  {
    requirement: 'B-TX-08',
    title: 'an exchange that a rule allows says who acts',
    steps: async (ground, client) => {
      const answer = await exchange(ground, client, ofFront)
      return [
        [tokens, seenAt(answer)],
        [id, actor(answer)],
      ]
    },
  },
  {
    requirement: 'B-TX-02',
    title: 'a client with the grant that no rule names',
    steps: async (ground) => [
      ['400 unauthorized_client', seenAt(await exchange(ground, await nobody(ground), ofFront))],
    ],
  },
  {
    requirement: 'B-TX-03',
    title: 'a token for an API that is none of this client',
    steps: async (ground, client) => [[invalidRequest, seenAt(await exchange(ground, client, ofOther))]],
  },
  {
    requirement: 'B-TX-04',
    title: 'an API that the rule does not list',
    steps: async (ground, client) => [
      ['400 invalid_target', seenAt(await exchange(ground, client, ofFront, { audience: other.id }))],
    ],
  },
  {
    requirement: 'B-TX-05',
    title: 'a scope that the rule does not list',
    steps: async (ground, client) => [
      ['400 invalid_scope', seenAt(await exchange(ground, client, ofFront, { scope: 'passed kept' }))],
    ],
  },
]

/** An assertion of the issuer that is trusted, right but for the changes. */
const vouched = async (ground: ProvingGround, client: ProofClient, claims: object = {}): Promise<Parameters> => ({
  assertion: await assertionOf(ground, client, { claims: { iss: voucher, sub: subject, ...claims } }),
})

const bring = async (ground: ProvingGround, client: ProofClient, sent: Parameters): Promise<string> =>
  seenAt(await ask(ground, client, { grant_type: jwtBearerGrant, scope: 'passed', resource: front.id, ...sent }))

const assertions: readonly SteppedCase[] = [
  {
    requirement: 'B-JB-01',
    title: 'an assertion signed with another key, then by one that nobody trusts',
    steps: async (ground, client) => {
      const claims = { iss: voucher, sub: subject }
      const forged = await assertionOf(ground, client, { claims, key: ground.stranger.key })
      return [
        [invalidGrant, await bring(ground, client, { assertion: forged })],
        [invalidGrant, await bring(ground, client, await vouched(ground, client, { iss: 'https://nobody.invalid' }))],
      ]
    },
  },
  {
    requirement: 'B-JB-02',
    title: 'an assertion for somebody else, then one that comes twice',
    steps: async (ground, client) => {
      const once = await vouched(ground, client)
      return [
        [invalidGrant, await bring(ground, client, await vouched(ground, client, { aud: 'https://other.invalid' }))],
        [tokens, await bring(ground, client, once)],
        [invalidGrant, await bring(ground, client, once)],
      ]
    },
  },
]

const service: ClientRegistration = {
  type: 'service',
  name: 'Proof',
  authenticationMethod: 'private_key_jwt',
  scope: 'passed kept',
  grantTypes: [tokenExchangeGrant, jwtBearerGrant],
  resourceServerOf: [front.id],
}

/** A client that could exchange, were there a rule for it. */
const nobody = (ground: ProvingGround): Promise<ProofClient> =>
  registerProofClient(ground.registry, 'service that exchanges', service)

/** Every case of a service that passes work on for people. */
export async function exchangeCases(ground: ProvingGround): Promise<readonly ProofCase[]> {
  for (const resource of [front, behind, other]) await ground.store.admin.saveResource(resource, [])
  // Of resources the server may know the state of a second ago.
  ground.advance(2)
  const { registry } = ground
  const application = await registerProofClient(registry, 'web, to be passed on', {
    ...{ type: 'web', name: 'Proof', authenticationMethod: 'private_key_jwt', firstParty: true },
    ...{ redirectUris: ['https://passed.invalid/cb'], scope: 'openid passed kept' },
  })
  const client = await registerProofClient(registry, 'service that exchanges', service, id)
  const held = {
    ofFront: await personal(ground, application, front.id),
    ofOther: await personal(ground, application, other.id),
  }
  return runSteps({ ground, entry: 'token', client }, [...exchanges(held), ...assertions])
}
