import { writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect, type ConnectionOptions } from 'node:tls'
import { createTestAuthority, selfSignedCertificate, type TestCertificate } from '@sallyport/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readTls } from '../src/tls.ts'
import { createScratch, freePort, installationIn, type Installation } from './cli.ts'
import { startDaemon, type RunningDaemon } from './running-daemon.ts'

const scratch = createScratch()
const authority = createTestAuthority('Test authority')
const files = { cert: scratch.path('server.pem'), key: scratch.path('server.key') }
const serverNames = { usage: 'server', names: [{ dns: 'localhost' }] } as const
let place: Installation
let daemon: RunningDaemon
let port: number

function install({ certificate, key }: TestCertificate): void {
  writeFileSync(files.cert, `${certificate}${authority.certificate}`)
  writeFileSync(files.key, key)
}

const settings = (): Record<string, string> => ({
  SALLYPORT_HTTP__HOST: '0.0.0.0',
  SALLYPORT_TLS__CERT: files.cert,
  SALLYPORT_TLS__KEY: files.key,
})

beforeAll(async () => {
  port = await freePort()
  place = installationIn(scratch.folder)
  await place.json(['migrate', '--issuer', `https://localhost:${port}`])
  install(authority.issue('localhost', serverNames))
  daemon = await startDaemon(place, ['--port', String(port)], { env: settings() })
}, 60_000)
afterAll(async () => {
  await daemon.stop()
  scratch.remove()
})

type Got = { readonly status: number; readonly headers: Readonly<Record<string, unknown>>; readonly body: string }

const get = (path: string): Promise<Got> =>
  new Promise((resolve, reject) => {
    const sent = request({ host: 'localhost', port, path, ca: authority.certificate, agent: false }, (answer) => {
      let body = ''
      answer.on('data', (chunk: Buffer) => (body += chunk.toString()))
      answer.on('end', () => {
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body })
      })
    })
    sent.on('error', reject).end()
  })

/** What a handshake came to: the protocol and the suite, or `refused`. */
const handshake = (options: ConnectionOptions): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect({ host: 'localhost', servername: 'localhost', port, ca: authority.certificate, ...options })
    socket.on('secureConnect', () => {
      resolve(`${socket.getProtocol() ?? ''} ${socket.getCipher().standardName}`)
      socket.destroy()
    })
    socket.on('error', () => {
      resolve('refused')
    })
  })

describe('TLS of its own', () => {
  it('HH-10 answers over TLS, on an address that others reach, and has browsers come back that way', async () => {
    const discovery = await get('/.well-known/openid-configuration')
    expect(discovery.status).toBe(200)
    expect(JSON.parse(discovery.body)).toMatchObject({ token_endpoint: `https://localhost:${port}/oauth2/token` })
    const page = await get('/oauth2/authorize')
    expect(page.status).toBe(400)
    expect(page.headers['strict-transport-security']).toMatch(/^max-age=31536000; includeSubDomains/)
  })

  it('HH-10 tells nothing to whoever speaks plain http', async () => {
    await expect(fetch(`http://localhost:${port}/.well-known/openid-configuration`)).rejects.toThrow('fetch failed')
  })

  it('B-FAPI-11 takes TLS 1.3, and of TLS 1.2 only suites with forward secrecy and authenticated encryption', async () => {
    expect(await handshake({})).toMatch(/^TLSv1\.3 TLS_/)
    const old = { maxVersion: 'TLSv1.2' } as const
    expect(await handshake(old)).toMatch(/^TLSv1\.2 TLS_ECDHE_ECDSA_WITH_AES_(?:128|256)_GCM_/)
    for (const ciphers of [
      'ECDHE-ECDSA-AES128-SHA256',
      'ECDHE-ECDSA-AES256-SHA',
      'ECDHE-ECDSA-AES128-CCM8',
      'AES128-GCM-SHA256',
    ])
      expect([ciphers, await handshake({ ...old, ciphers })]).toEqual([ciphers, 'refused'])
    const ancient = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
    expect(await handshake(ancient)).toBe('refused')
  })

  it('HH-10 puts a renewed certificate into use at SIGHUP, and keeps the old one while the files are unfit', async () => {
    const seen = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connect({ host: 'localhost', port, ca: authority.certificate }, () => {
          resolve(socket.getPeerX509Certificate()?.subject ?? '')
          socket.destroy()
        })
        socket.on('error', reject)
      })
    writeFileSync(files.key, 'half a key')
    process.kill(daemon.pid, 'SIGHUP')
    const refused = await daemon.line(({ msg }) => String(msg).startsWith('the certificate was not renewed'))
    expect(refused['msg']).toContain('tls.key')
    expect(await seen()).toBe('CN=localhost')
    install(authority.issue('renewed', serverNames))
    process.kill(daemon.pid, 'SIGHUP')
    await daemon.line(({ msg }) => msg === 'the certificate was renewed')
    expect(await seen()).toBe('CN=renewed')
  })
})

describe('files that cannot be used', () => {
  const file = (name: string, text: string): string => {
    writeFileSync(scratch.path(name), text)
    return scratch.path(name)
  }
  const own = selfSignedCertificate('own', serverNames)
  const other = selfSignedCertificate('other', serverNames)
  const over = selfSignedCertificate('over', { ...serverNames, notAfter: new Date(Date.now() - 1000) })

  it.each([
    ['a key alone', () => ({ cert: undefined, key: files.key }), 'tls.cert', 'is not set'],
    ['a certificate alone', () => ({ cert: files.cert, key: undefined }), 'tls.key', 'is not set'],
    ['no file', () => ({ cert: scratch.path('none'), key: files.key }), 'tls.cert', 'cannot be read'],
    [
      'no certificate',
      () => ({ cert: file('text', 'text'), key: file('a.key', own.key) }),
      'tls.cert',
      'no certificate',
    ],
    ['no key', () => ({ cert: file('a.pem', own.certificate), key: file('text', 'x') }), 'tls.key', 'no private key'],
    [
      'two pairs',
      () => ({ cert: file('a.pem', own.certificate), key: file('b.key', other.key) }),
      'tls.key',
      'not the key',
    ],
    [
      'the past',
      () => ({ cert: file('c.pem', over.certificate), key: file('c.key', over.key) }),
      'tls.cert',
      'is over',
    ],
  ])('HH-10 refuses %s', (_what, made, key, problem) => {
    const found = readTls(made())
    expect(found).toMatchObject({ key, kind: 'broken' })
    expect((found as { problem: string }).problem).toContain(problem)
  })

  it('HH-10 does not start with them', async () => {
    const env = {
      ...settings(),
      SALLYPORT_TLS__KEY: file('wrong.key', other.key),
      SALLYPORT_TLS__CERT: file('own.pem', own.certificate),
    }
    const { code, stderr } = await place.run(['start', '--port', '0'], { env })
    expect([code, stderr]).toEqual([
      78,
      expect.stringContaining('tls.key (SALLYPORT_TLS__KEY): is not the key of tls.cert'),
    ])
  })
})
