import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { eventsOf } from '../fixtures.ts'
import { openIssuer, outcome, plain, register } from './registrations.ts'

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const issuer = 'https://vendor.example'
const statementIssuers = [
  { issuer, jwks: { keys: [{ ...pair.publicKey.export({ format: 'jwk' }), kid: 'vendor-1', alg: 'ES256' }] } },
]

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function statement(claims: object, header: object = {}, key: KeyObject = pair.privateKey): string {
  const input = `${part({ alg: 'ES256', typ: 'JWT', kid: 'vendor-1', ...header })}.${part({ iss: issuer, ...claims })}`
  return `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

describe('a software statement', () => {
  it('A-DCR-10, B-REG-12, DC-12 of a trusted issuer wins over plain members and is told again unchanged', async () => {
    const as = await openIssuer({ statementIssuers })
    const signed = statement({
      client_name: 'From the vendor',
      redirect_uris: ['https://vendor.example/cb'],
      software_id: 'x',
    })
    const answer = await register(as, { ...plain, client_name: 'My own words', software_statement: signed })
    expect(answer.status).toBe(201)
    expect(answer.json).toMatchObject({
      client_name: 'From the vendor',
      redirect_uris: ['https://vendor.example/cb'],
      software_statement: signed,
    })
  })

  it('A-DCR-04, A-DCR-10, B-REG-03, DC-12 that does not hold is refused', async () => {
    const as = await openIssuer({ statementIssuers })
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    const unsigned = `${part({ alg: 'none', typ: 'JWT' })}.${part({ iss: issuer })}.`
    const good = statement({ client_name: 'x' })
    const invalid: readonly unknown[] = [
      unsigned,
      statement({}, {}, stranger),
      statement({}, { alg: 'HS256' }),
      statement({}, { kid: 'other' }),
      statement({}, { crit: ['x'] }),
      statement({ exp: as.clock.now() }),
      statement({ exp: 'tomorrow' }),
      statement({ iss: 7 }),
      `${good.slice(0, -4)}AAAA`,
      'not a jwt',
      '',
      7,
      null,
      `${good}${'A'.repeat(20_000)}`,
    ]
    for (const software_statement of invalid) {
      const answer = await register(as, { ...plain, software_statement })
      expect([software_statement, outcome(answer)]).toEqual([software_statement, '400 invalid_software_statement'])
    }
    const untrusted = statement({ iss: 'https://evil.test' })
    expect(outcome(await register(as, { ...plain, software_statement: untrusted }))).toBe(
      '400 unapproved_software_statement',
    )
    expect(eventsOf(as, 'client.registered')).toEqual([])
  })

  it('DC-12 cannot give what no registration can have', async () => {
    const as = await openIssuer({ statementIssuers })
    for (const claims of [{ scope: 'admin' }, { require_pkce: false }, { redirect_uris: ['http://vendor.example/cb'] }])
      expect((await register(as, { ...plain, software_statement: statement(claims) })).status).toBe(400)
  })

  it('DC-12 is trusted only for issuers whose keys are public and name their algorithm', async () => {
    const jwk = pair.privateKey.export({ format: 'jwk' })
    for (const key of [
      { ...jwk, kid: '1', alg: 'ES256' },
      { kty: 'oct', k: 'abc', kid: '1', alg: 'HS256' },
      { kid: '1' },
    ])
      await expect(openIssuer({ statementIssuers: [{ issuer, jwks: { keys: [key] } }] })).rejects.toThrow(
        'registration.statementIssuers',
      )
  })
})
