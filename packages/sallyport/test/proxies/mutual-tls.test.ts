import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:tls'
import { createTestAuthority, decodeJwt, selfSignedCertificate, type TestCertificate } from '@sallyport/testing'
import * as client from 'openid-client'
import { Agent, fetch as fetchBy } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startNginx } from '../../../../scripts/nginx.ts'
import { createScratch, freePort, installationIn } from '../cli.ts'
import { startDaemon, type RunningDaemon } from '../running-daemon.ts'

const scratch = createScratch()
const authority = createTestAuthority('Client authority')
const serverAuthority = createTestAuthority('Server authority')
const names = [{ dns: 'id.example.com' }, { dns: 'mtls.id.example.com' }]
const server = serverAuthority.issue('id.example.com', { usage: 'server', names })
const vouched = authority.issue('night-job', { names: [{ dns: 'job.example.com' }] })
const alone = selfSignedCertificate('alone')
const api = 'https://api.example.com'

let daemon: RunningDaemon
let nginx: Awaited<ReturnType<typeof startNginx>>
let port: number
let ids: { readonly vouched: string; readonly alone: string }

/** The servers of the guide, word for word, but for where they listen, where their files are and what is behind them. */
function serversOfGuide(behind: number): string {
  const guide = readFileSync(new URL('../../../../docs/mutual-tls.md', import.meta.url), 'utf8')
  const [, text = ''] = /```nginx\n([\s\S]*?)```/.exec(guide) ?? []
  const replaced = {
    'listen 443 ssl': `listen 127.0.0.1:${port} ssl`,
    '/etc/nginx/fullchain.pem': scratch.path('server.pem'),
    '/etc/nginx/privkey.pem': scratch.path('server.key'),
    '127.0.0.1:7636': `127.0.0.1:${behind}`,
  }
  return Object.entries(replaced).reduce((all, [from, to]) => {
    if (!all.includes(from)) throw new Error(`the guide no longer says ${from}`)
    return all.replaceAll(from, to)
  }, text)
}

const file = (name: string, text: string): string => {
  writeFileSync(scratch.path(name), text)
  return scratch.path(name)
}

beforeAll(async () => {
  port = await freePort()
  const behind = await freePort()
  file('server.pem', server.certificate)
  file('server.key', server.key)
  const place = installationIn(scratch.folder)
  await place.json(['migrate', '--issuer', `https://id.example.com:${port}`])
  await place.json(['resource', 'create', api, '--name', 'API', '--scope', 'read=Read', '--binding', 'mtls'])
  const create = async (...words: readonly string[]): Promise<string> => {
    const service = ['client', 'create', '--type', 'service', '--name', 'Job', '--scope', 'read', '--resource', api]
    return String((await place.json([...service, '--authentication-method', ...words]))['client_id'])
  }
  ids = {
    vouched: await create('tls_client_auth', '--tls-client-auth-san-dns', 'job.example.com'),
    alone: await create('self_signed_tls_client_auth', '--jwks', file('alone.pem', alone.certificate)),
  }
  daemon = await startDaemon(place, ['--port', String(behind)], {
    env: {
      SALLYPORT_HTTP__TRUSTED_PROXIES: '127.0.0.1',
      SALLYPORT_MTLS__ACCEPT: 'proxy',
      SALLYPORT_MTLS__PROXY_HEADER: 'nginx',
      SALLYPORT_MTLS__URL: `https://mtls.id.example.com:${port}`,
      SALLYPORT_MTLS__TRUST_ANCHORS: file('authorities.pem', authority.certificate),
    },
  })
  mkdirSync(scratch.path('nginx'))
  nginx = await startNginx(scratch.path('nginx'), serversOfGuide(behind), port)
}, 120_000)
const agents: Agent[] = []
afterAll(async () => {
  await Promise.all(agents.map((agent) => agent.close()))
  await nginx.stop()
  await daemon.stop()
  scratch.remove()
})

type Fetch = (url: string, options?: object) => Promise<Response>

/** A fetch of connections with a certificate, or with none. Every name is this machine. */
function fetchAs(certificate?: TestCertificate): Fetch {
  const own = certificate === undefined ? {} : { cert: certificate.certificate, key: certificate.key }
  const lookup = (_host: string, _options: object, found: (error: null, addresses: object[]) => void): void =>
    found(null, [{ address: '127.0.0.1', family: 4 }])
  const agent = new Agent({ connect: { ca: serverAuthority.certificate, lookup: lookup as never, ...own } })
  agents.push(agent)
  return ((url: string, options: object) => fetchBy(url, { ...options, dispatcher: agent })) as unknown as Fetch
}

const ask = async (by: Fetch, id: string, { host = 'mtls.id.example.com', headers = {} } = {}): Promise<number> => {
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: id, scope: 'read', resource: api })
  return (await by(`https://${host}:${port}/oauth2/token`, { method: 'POST', body, headers })).status
}

const escaped = ({ certificate }: TestCertificate): string => encodeURIComponent(certificate)

describe('behind nginx, as the guide sets it up', () => {
  it('B-MTLS-01, B-MTLS-05, B-MTLS-10, B-MTLS-11 clients come with certificates, and get tokens that are bound to them', async () => {
    for (const [id, certificate] of [
      [ids.vouched, vouched],
      [ids.alone, alone],
    ] as const) {
      const config = await client.discovery(
        new URL(`https://id.example.com:${port}`),
        id,
        { use_mtls_endpoint_aliases: true },
        client.TlsClientAuth(),
        { [client.customFetch]: fetchAs(certificate) },
      )
      const tokens = await client.clientCredentialsGrant(config, { scope: 'read', resource: api })
      expect(decodeJwt(tokens.access_token).claims['cnf']).toEqual({ 'x5t#S256': certificate.thumbprint })
    }
  })

  it('MT-01, MT-02, B-MTLS-12 nobody passes a certificate off in a header, at either host', async () => {
    const headers = { 'ssl-client-cert': escaped(vouched) }
    expect(await ask(fetchAs(), ids.vouched, { headers })).toBe(401)
    expect(await ask(fetchAs(), ids.vouched, { headers, host: 'id.example.com' })).toBe(401)
    expect(await ask(fetchAs(alone), ids.vouched, { headers })).toBe(401)
    expect(await ask(fetchAs(alone), ids.alone, { headers })).toBe(200)
    const other = {
      'client-cert': `:${Buffer.from(vouched.der).toString('base64')}:`,
      ssl_client_cert: escaped(vouched),
    }
    expect(await ask(fetchAs(), ids.vouched, { headers: other })).toBe(401)
  })

  it('B-MTLS-01, MT-04 nobody gets in without one, or with that of somebody else', async () => {
    expect(await ask(fetchAs(), ids.vouched)).toBe(401)
    expect(await ask(fetchAs(alone), ids.vouched)).toBe(401)
    expect(await ask(fetchAs(vouched), ids.alone)).toBe(401)
    // This host asks for none, so none arrives.
    expect(await ask(fetchAs(vouched), ids.vouched, { host: 'id.example.com' })).toBe(401)
  })

  it('B-MTLS-10 the host of browsers shows its pages, and the other one has none', async () => {
    const by = fetchAs()
    expect((await by(`https://id.example.com:${port}/oauth2/authorize`)).status).toBe(400)
    expect((await by(`https://mtls.id.example.com:${port}/oauth2/authorize`)).status).toBe(404)
  })

  it('B-FAPI-11 the proxy speaks no old TLS', async () => {
    const refused = await new Promise<boolean>((resolve) => {
      const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
      const socket = connect({ host: '127.0.0.1', port, ca: serverAuthority.certificate, ...old }, () => resolve(false))
      socket.on('error', () => resolve(true))
    })
    expect(refused).toBe(true)
  })
})
