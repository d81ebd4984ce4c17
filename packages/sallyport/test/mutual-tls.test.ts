import { writeFileSync } from 'node:fs'
import { createServer, connect as connectPlain, type AddressInfo } from 'node:net'
import { connect } from 'node:tls'
import { createTestAuthority, decodeJwt, selfSignedCertificate, type TestCertificate } from '@sallyport/testing'
import * as oauth from 'oauth4webapi'
import * as client from 'openid-client'
import { Agent, fetch as fetchBy } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { configOf, loadSettings } from '../src/config/load.ts'
import { mutualTlsFaults } from '../src/mutual-tls.ts'
import { createScratch, freePort, installationIn, type Installation } from './cli.ts'
import { startDaemon, type RunningDaemon } from './running-daemon.ts'

const scratch = createScratch()
const authority = createTestAuthority('Client authority')
const below = authority.authority('Authority below')
const serverAuthority = createTestAuthority('Server authority')
const server = serverAuthority.issue('localhost', { usage: 'server', names: [{ dns: 'localhost' }] })
const vouched = below.issue('night-job', { names: [{ dns: 'job.example.com' }] })
const alone = selfSignedCertificate('alone')
const api = 'https://api.example.com'
let place: Installation
let daemon: RunningDaemon
let issuer: string
let ports: { readonly plain: number; readonly mutual: number }
let ids: { readonly vouched: string; readonly alone: string }

const file = (name: string, text: string): string => {
  writeFileSync(scratch.path(name), text)
  return scratch.path(name)
}

const create = async (...words: readonly string[]): Promise<string> => {
  const service = ['client', 'create', '--type', 'service', '--name', 'Job', '--scope', 'read', '--resource', api]
  return String((await place.json([...service, ...words]))['client_id'])
}

beforeAll(async () => {
  ports = { plain: await freePort(), mutual: await freePort() }
  issuer = `https://localhost:${ports.plain}`
  place = installationIn(scratch.folder)
  await place.json(['migrate', '--issuer', issuer])
  await place.json(['resource', 'create', api, '--name', 'API', '--scope', 'read=Read'])
  ids = {
    vouched: await create(
      ...['--authentication-method', 'tls_client_auth', '--tls-client-auth-san-dns', 'job.example.com'],
      '--certificate-bound-access-tokens',
    ),
    alone: await create(
      ...['--authentication-method', 'self_signed_tls_client_auth', '--jwks', file('alone.pem', alone.certificate)],
    ),
  }
  daemon = await startDaemon(place, ['--port', String(ports.plain)], {
    env: {
      SALLYPORT_TLS__CERT: file('server.pem', server.certificate),
      SALLYPORT_TLS__KEY: file('server.key', server.key),
      SALLYPORT_MTLS__ACCEPT: 'direct',
      SALLYPORT_MTLS__PORT: String(ports.mutual),
      SALLYPORT_MTLS__URL: `https://localhost:${ports.mutual}`,
      SALLYPORT_MTLS__TRUST_ANCHORS: file('authorities.pem', `Our authorities\n${authority.certificate}`),
    },
  })
}, 60_000)
afterAll(async () => {
  await daemon.stop()
  scratch.remove()
})

const agents: Agent[] = []
afterAll(() => Promise.all(agents.map((agent) => agent.close())))

type Fetch = (url: string, options?: object) => Promise<Response>

/** A fetch of connections with a certificate, or with none. */
function fetchAs(certificate?: TestCertificate, chain = ''): Fetch {
  const own = certificate === undefined ? {} : { cert: `${certificate.certificate}${chain}`, key: certificate.key }
  const agent = new Agent({ connect: { ca: serverAuthority.certificate, ...own } })
  agents.push(agent)
  return ((url: string, options: object) => fetchBy(url, { ...options, dispatcher: agent })) as unknown as Fetch
}

describe('clients of others with certificates', () => {
  const asJob = fetchAs(vouched, below.certificate)

  it('B-MTLS-01, B-MTLS-02, B-MTLS-06, B-MTLS-10 openid-client gets a bound token at the aliases', async () => {
    const config = await client.discovery(
      new URL(issuer),
      ids.vouched,
      { use_mtls_endpoint_aliases: true },
      client.TlsClientAuth(),
      { [client.customFetch]: asJob },
    )
    expect(config.serverMetadata().mtls_endpoint_aliases?.token_endpoint).toBe(
      `https://localhost:${ports.mutual}/oauth2/token`,
    )
    const tokens = await client.clientCredentialsGrant(config, { scope: 'read', resource: api })
    expect(decodeJwt(tokens.access_token).claims['cnf']).toEqual({ 'x5t#S256': vouched.thumbprint })
    expect((await client.tokenIntrospection(config, tokens.access_token)).active).toBe(true)
    await client.tokenRevocation(config, tokens.access_token)
    expect((await client.tokenIntrospection(config, tokens.access_token)).active).toBe(false)
  })

  it('B-MTLS-05 oauth4webapi proves itself by its own certificate', async () => {
    const options = { [oauth.customFetch]: fetchAs(alone) } as const
    const as = await oauth.processDiscoveryResponse(
      new URL(issuer),
      await oauth.discoveryRequest(new URL(issuer), options),
    )
    expect(as.token_endpoint_auth_methods_supported).toContain('self_signed_tls_client_auth')
    const me: oauth.Client = { client_id: ids.alone, use_mtls_endpoint_aliases: true }
    const wanted = { scope: 'read', resource: api }
    const answer = await oauth.clientCredentialsGrantRequest(as, me, oauth.TlsClientAuth(), wanted, options)
    const tokens = await oauth.processClientCredentialsResponse(as, me, answer)
    expect(decodeJwt(tokens.access_token).claims).not.toHaveProperty('cnf')
  })

  const post = async (by: Fetch, port: number, id: string): Promise<[number, unknown]> => {
    const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: id, scope: 'read', resource: api })
    const answer = await by(`https://localhost:${port}/oauth2/token`, { method: 'POST', body })
    return [answer.status, ((await answer.json()) as { error?: unknown }).error]
  }

  it('B-MTLS-01, MT-04 nobody else gets in: not without a certificate, with another one, nor at the other port', async () => {
    const refused = [401, 'invalid_client']
    expect(await post(fetchAs(), ports.mutual, ids.vouched)).toEqual(refused)
    expect(await post(fetchAs(alone), ports.mutual, ids.vouched)).toEqual(refused)
    expect(await post(asJob, ports.mutual, ids.alone)).toEqual(refused)
    expect(await post(fetchAs(vouched), ports.mutual, ids.vouched)).toEqual(refused)
    expect(await post(asJob, ports.plain, ids.vouched)).toEqual(refused)
  })

  it('B-MTLS-11, MT-01 a certificate in a header counts at neither port', async () => {
    const headers = { 'client-cert': `:${Buffer.from(vouched.der).toString('base64')}:` }
    const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: ids.vouched })
    for (const port of [ports.mutual, ports.plain]) {
      const answer = await fetchAs()(`https://localhost:${port}/oauth2/token`, { method: 'POST', body, headers })
      expect([port, answer.status]).toEqual([port, 401])
    }
    await daemon.line(({ event, severity }) => event === 'mtls.header.untrusted' && severity === 'high')
  })

  it('B-MTLS-10 that port has no page for a browser', async () => {
    for (const path of ['/', '/login', '/oauth2/authorize', '/account', '/docs'])
      expect([path, (await asJob(`https://localhost:${ports.mutual}${path}`)).status]).toEqual([path, 404])
  })
})

/** The kinds of handshake messages that the server sends in the clear with TLS 1.2 (RFC 5246 section 7.4). */
async function serverMessages(port: number): Promise<readonly number[]> {
  const received: Buffer[] = []
  const relay = createServer((near) => {
    const far = connectPlain(port, 'localhost')
    far.on('data', (chunk: Buffer) => received.push(chunk))
    near.pipe(far).pipe(near)
    near.on('error', () => far.destroy())
    far.on('error', () => near.destroy())
  })
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  const { port: through } = relay.address() as AddressInfo
  await new Promise<void>((resolve, reject) => {
    const options = { host: '127.0.0.1', port: through, servername: 'localhost', ca: serverAuthority.certificate }
    const socket = connect({ ...options, maxVersion: 'TLSv1.2' }, () => {
      socket.destroy()
      resolve()
    })
    socket.on('error', reject)
  })
  relay.close()
  const kinds: number[] = []
  let bytes = Buffer.concat(received)
  let handshake = Buffer.alloc(0)
  for (; bytes.length > 5 && bytes[0] === 22; bytes = bytes.subarray(5 + bytes.readUInt16BE(3)))
    handshake = Buffer.concat([handshake, bytes.subarray(5, 5 + bytes.readUInt16BE(3))])
  for (; handshake.length >= 4 && kinds.at(-1) !== 14; handshake = handshake.subarray(4 + handshake.readUIntBE(1, 3)))
    kinds.push(handshake[0] ?? 0)
  return kinds
}

it('B-MTLS-10 one port asks for a certificate in the handshake, and the one of browsers does not', async () => {
  const certificateRequest = 13
  const done = 14
  const [plain, mutual] = [await serverMessages(ports.plain), await serverMessages(ports.mutual)]
  expect([plain.includes(done), plain.includes(certificateRequest)]).toEqual([true, false])
  expect([mutual.includes(done), mutual.includes(certificateRequest)]).toEqual([true, true])
})

describe('settings that cannot be', () => {
  const faults = async (environment: Record<string, string>): Promise<readonly string[]> => {
    const { resolved } = await loadSettings({ flags: new Map(), files: [], profile: undefined, environment })
    return mutualTlsFaults(configOf(resolved), (key) => key).map(({ key, problem }) => `${key} ${problem}`)
  }
  it.each<readonly [Record<string, string>, string]>([
    [{ MTLS__TRUST_ANCHORS: 'x' }, 'mtls.trustAnchors means nothing while mtls.accept is off'],
    [{ MTLS__ACCEPT: 'direct', MTLS__URL: 'https://a.example' }, 'mtls.accept direct needs TLS of our own'],
    [{ MTLS__ACCEPT: 'direct', TLS__CERT: 'x' }, 'mtls.url is not set'],
    [{ MTLS__ACCEPT: 'proxy' }, 'mtls.accept proxy needs proxies that are believed'],
    [
      { MTLS__ACCEPT: 'proxy', HTTP__TRUSTED_PROXIES: '10.0.0.1', MTLS__TRUST_ANCHORS: '/none' },
      'mtls.trustAnchors /none cannot be read',
    ],
    [
      { MTLS__ACCEPT: 'proxy', HTTP__TRUSTED_PROXIES: '10.0.0.1', MTLS__REVOCATION_LISTS: '/dev/null' },
      'mtls.revocationLists belong to authorities that are not named',
    ],
  ])('A-GOV-07, MT-02 %o', async (settings, expected) => {
    const environment = Object.fromEntries(Object.entries(settings).map(([key, value]) => [`SALLYPORT_${key}`, value]))
    expect(await faults(environment)).toEqual([expected])
  })
})
