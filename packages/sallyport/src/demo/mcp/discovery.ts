import { answerHeader, answerJson, textMember } from '../exchange.ts'
import type { World } from '../client-requests.ts'
import { gateAddress, type DemoClient } from '../demo.ts'
import type { Check } from '../response-checks.ts'
import type { Step } from '../step.ts'
import { callGate, fetchJson, hello, register, selfDescription } from './mcp-requests.ts'

/** What a client knows about a server after it walked the chain, and what was said on the way. */
export type Discovery = {
  readonly steps: readonly Step[]
  /** `undefined` when the chain broke; then `stopped` says where. */
  readonly client: DemoClient | undefined
  readonly stopped: string | undefined
}

const equal = (what: string, expected: string, got: unknown): Check => ({
  what,
  expected,
  got: typeof got === 'string' ? got : (JSON.stringify(got) ?? 'nothing'),
  passed: got === expected,
})

const holds = (what: string, expected: string, list: unknown): Check => ({
  what,
  expected,
  got: Array.isArray(list) ? list.join(' ') : 'nothing',
  passed: Array.isArray(list) && list.includes(expected),
})

const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : []

export const redirectUri = ({ demo }: World): string => `${demo.addresses.app}/mcp/callback`

/** A document of a stranger can name any address; the demo leads to its own programs only (A-PRM-06). */
const isOurs = ({ demo }: World, url: string): boolean =>
  URL.canParse(url) && [demo.addresses.mcp, new URL(demo.addresses.issuer).origin].includes(new URL(url).origin)

/** The refusal, and the document that it points at. */
async function resourceSteps(world: World): Promise<{ steps: Step[]; issuer: string | undefined }> {
  const address = gateAddress(world.demo.addresses)
  const refused = await callGate(world, hello)
  const challenge = answerHeader(refused.answer, 'www-authenticate') ?? ''
  const pointer = /resource_metadata="([^"]+)"/.exec(challenge)?.[1] ?? ''
  const steps: Step[] = [
    {
      title: 'The client knocks without a token',
      short: 'Knock',
      from: 'app',
      to: 'server',
      note: 'All that the client has is the address of the server. The refusal says where to look next, and which scope to begin with.',
      exchange: refused,
      checks: [equal('status', '401', String(refused.answer.status))],
    },
  ]
  if (!isOurs(world, pointer)) return { steps, issuer: undefined }
  const document = await fetchJson(pointer)
  const { resource, authorization_servers: servers } = answerJson(document.answer)
  const checks = [equal('resource', address, resource)]
  steps.push({
    title: 'The server tells whose tokens it takes',
    short: 'Resource',
    from: 'app',
    to: 'server',
    note: 'The resource metadata (RFC 9728). It must be about the very address that was called, or the client throws it away.',
    exchange: document,
    checks,
  })
  const [issuer] = texts(servers)
  return { steps, issuer: checks.every(({ passed }) => passed) ? issuer : undefined }
}

/** The metadata of the authorization server, and the endpoint where a stranger can register. */
async function issuerSteps(world: World, issuer: string): Promise<{ steps: Step[]; endpoint: string | undefined }> {
  const { origin, pathname } = new URL(issuer)
  const document = await fetchJson(`${origin}/.well-known/oauth-authorization-server${pathname.replace(/\/$/, '')}`)
  const metadata = answerJson(document.answer)
  const checks = [
    equal('issuer', issuer, metadata['issuer']),
    holds('code_challenge_methods_supported', 'S256', metadata['code_challenge_methods_supported']),
    holds('token_endpoint_auth_methods_supported', 'none', metadata['token_endpoint_auth_methods_supported']),
  ]
  const step: Step = {
    title: 'Sallyport says what it can do',
    short: 'Issuer',
    from: 'app',
    to: 'sallyport',
    note: 'The issuer must be the one that was named, and PKCE with S256 must be there; a client that does not find it stops here.',
    exchange: document,
    checks,
  }
  const endpoint = textMember(document.answer, 'registration_endpoint')
  const usable = checks.every(({ passed }) => passed) && endpoint !== undefined && isOurs(world, endpoint)
  return { steps: [step], endpoint: usable ? endpoint : undefined }
}

/** Walks from the bare address of a server to a client id, as every client of MCP has to (A-MCP-01, A-MCP-04). */
export async function discover(world: World): Promise<Discovery> {
  const { steps, issuer } = await resourceSteps(world)
  const broken = (stopped: string): Discovery => ({ steps, client: undefined, stopped })
  if (issuer === undefined || !isOurs(world, issuer)) return broken('The server did not say whose tokens it takes.')
  const found = await issuerSteps(world, issuer)
  steps.push(...found.steps)
  if (found.endpoint === undefined) return broken('Strangers cannot register here, so this client cannot go on.')
  const registered = await register(found.endpoint, selfDescription(redirectUri(world)))
  steps.push({
    title: 'The client registers itself',
    short: 'Register',
    from: 'app',
    to: 'sallyport',
    note: 'Dynamic registration (RFC 7591), which the demo opens for addresses on this machine. Nobody looked at this client, so people are told, and it may ask for little. Clients with a page on the web send its address instead: a metadata document.',
    exchange: registered,
  })
  const id = textMember(registered.answer, 'client_id')
  const name = textMember(registered.answer, 'client_name')
  if (registered.answer.status !== 201 || id === undefined || name === undefined)
    return broken('The registration was refused.')
  const client = { id, name, secret: undefined, redirectUri: redirectUri(world) }
  return { steps, client, stopped: undefined }
}
