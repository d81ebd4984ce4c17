import type { AttackOutcome, AttackStory } from '../attacks/attack.ts'
import { isChallenged } from '../attacks/story.ts'
import { authorizationParameters, authorizationUrl, newAttempt } from '../authorization-request.ts'
import { callApi, type Answered, type World } from '../client-requests.ts'
import { gateAddress, gateScopes, ordersScope } from '../demo.ts'
import { answerHeader, exchange, textMember } from '../exchange.ts'
import type { Step } from '../step.ts'
import { redirectUri } from './discovery.ts'
import { firstScope } from './mcp-run.ts'
import { callTool, machineToken, register, selfDescription } from './mcp-requests.ts'

export const mcpAttackIds = ['token-from-elsewhere', 'token-passed-on', 'way-to-elsewhere', 'changed-way'] as const
export type McpAttackId = (typeof mcpAttackIds)[number]

export type McpAttack = AttackStory & { perform(world: World): Promise<AttackOutcome> }

const tokenOf = ({ answer }: Answered): string => textMember(answer, 'access_token') ?? ''

const registrationOf = ({ demo }: World): string => `${demo.addresses.issuer}/oauth2/register`

const asked = (title: string, to: Step['to'], note: string, answered: Answered): Step => ({
  title,
  from: 'attacker',
  to,
  note,
  exchange: answered,
})

async function fromElsewhere(world: World): Promise<AttackOutcome> {
  const got = await machineToken(world, world.demo.addresses.api, ordersScope)
  const used = await callTool(world, 'who_is_there', tokenOf(got))
  return {
    refused: tokenOf(got) !== '' && isChallenged(used),
    steps: [
      asked('Somebody has a token for the Orders API', 'sallyport', 'A good one, of the same issuer.', got),
      asked('It is shown to the MCP server', 'server', 'The audience is somebody else.', used),
    ],
  }
}

async function passedOn(world: World): Promise<AttackOutcome> {
  const got = await machineToken(world, gateAddress(world.demo.addresses), gateScopes.look)
  const used = await callApi(world, tokenOf(got))
  return {
    refused: tokenOf(got) !== '' && isChallenged(used),
    steps: [
      asked(
        'Somebody has a token for the MCP server',
        'sallyport',
        'Assume that the server itself was taken over.',
        got,
      ),
      asked('It is passed on to the Orders API', 'api', 'What is for one server opens no other.', used),
    ],
  }
}

const refusedWith = ({ answer }: Answered, error: string): boolean =>
  answer.status === 400 && textMember(answer, 'error') === error

async function wayToElsewhere(world: World): Promise<AttackOutcome> {
  const tries = ['https://collector.example/callback', 'collector.example:/callback']
  const answers = await Promise.all(tries.map((uri) => register(registrationOf(world), selfDescription(uri))))
  const notes = ['A host that nobody here allowed.', 'A scheme that any program on the device can take.']
  return {
    refused: answers.every((one) => refusedWith(one, 'invalid_redirect_uri')),
    steps: answers.map((one, index) =>
      asked('A client registers with a way to somewhere else', 'sallyport', notes[index] ?? '', one),
    ),
  }
}

async function changedWay(world: World): Promise<AttackOutcome> {
  const { addresses } = world.demo
  const made = await register(registrationOf(world), selfDescription(redirectUri(world)))
  const client = {
    id: textMember(made.answer, 'client_id') ?? '',
    name: 'Desk assistant',
    secret: undefined,
    redirectUri: `${addresses.app}/collector`,
  }
  const wish = { client, issuer: addresses.issuer, scope: firstScope, resource: gateAddress(addresses) }
  const url = authorizationUrl(addresses.issuer, authorizationParameters(newAttempt(world.random, wish)))
  const sent = await exchange({ url, headers: { Accept: 'text/html' } })
  const page = sent.answer.status === 400 && answerHeader(sent.answer, 'location') === undefined
  return {
    refused: made.answer.status === 201 && page,
    steps: [
      asked('A client registers as it should', 'sallyport', 'With the address to which this app returns.', made),
      asked('Then it wants the code somewhere else', 'sallyport', 'The answer is a page that leads nowhere.', sent),
    ],
  }
}

/** What people can try against the MCP server and its registration. */
export const mcpAttacks: Readonly<Record<McpAttackId, McpAttack>> = {
  'token-from-elsewhere': {
    title: 'Bring a token of another API',
    attempt: 'Any client of any API here has good tokens of the same issuer. One of them is shown to the MCP server.',
    reason: 'A token names one audience, and the server accepts only its own address there.',
    clauses: ['RFC 8707 §2.2', 'RFC 9068 §4', 'MCP: token handling'],
    perform: fromElsewhere,
  },
  'token-passed-on': {
    title: 'Pass the token on',
    attempt: 'An MCP server that was taken over tries the tokens of its callers at other APIs.',
    reason: 'The token is worth nothing anywhere else, and tools do not even get it into their hands.',
    clauses: ['MCP: token passthrough', 'RFC 9700 §2.3'],
    perform: passedOn,
  },
  'way-to-elsewhere': {
    title: 'Register a way to somewhere else',
    attempt: 'Anybody may register here. Somebody does, with an address of their own for the codes of others.',
    reason:
      'Where anybody may register, the operator says to which hosts answers may go, and no client of MCP has a scheme of its own.',
    clauses: ['RFC 7591 §5', 'RFC 9700 §2.1', 'MCP: communication security'],
    perform: wayToElsewhere,
  },
  'changed-way': {
    title: 'Register one way, take another',
    attempt: 'A client registers honestly, and names another address when it sends people to sign in.',
    reason:
      'Addresses are compared character by character, and with one that is not registered nobody is sent anywhere.',
    clauses: ['OAuth 2.1 §2.3.1', 'RFC 9700 §4.1.3'],
    perform: changedWay,
  },
}

export const isMcpAttackId = (text: string | null): text is McpAttackId =>
  (mcpAttackIds as readonly (string | null)[]).includes(text)
