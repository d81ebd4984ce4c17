import { lookupKey, seconds } from '@sallyport/protocol'
import { changeClient, newSecret } from '@sallyport/server'
import { basic, type TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { expectEvent, expectRefusal, expectTokens, newIssuer } from './fixtures.ts'

const day = 86_400

const ask = (issuer: TestIssuer, authorization: string, more: Record<string, string> = {}) =>
  issuer.post(
    '/oauth2/token',
    { grant_type: 'client_credentials', scope: 'read', ...more },
    { headers: { authorization } },
  )

describe('who is asked for what', () => {
  it('A-TOK-06 a confidential client has to authenticate', async () => {
    const issuer = await newIssuer()
    const { K, S } = issuer.clients
    const authorized = await issuer.authorize()
    const { code, verifier } = authorized
    const named = { grant_type: 'authorization_code', code, code_verifier: verifier, client_id: K.id }
    expectRefusal(await issuer.post('/oauth2/token', named), 'invalid_client', 401)
    expectRefusal(
      await issuer.post('/oauth2/token', { grant_type: 'client_credentials', client_id: S.id }),
      'invalid_client',
      401,
    )
    expectRefusal(await issuer.post('/oauth2/token', { grant_type: 'client_credentials' }), 'invalid_client', 401)
    expectTokens(await issuer.redeem(authorized))
  })

  it('A-TOK-06 authentication that was sent is checked although the client would not need it', async () => {
    const issuer = await newIssuer()
    const { P } = issuer.clients
    const authorized = await issuer.authorize({ client: P })
    expectRefusal(
      await issuer.redeem(authorized, {}, { headers: { authorization: basic(P.id, 'x') } }),
      'invalid_client',
      401,
    )
  })

  it('A-TOK-07, B-CX-17 every failure looks the same and carries a challenge', async () => {
    const issuer = await newIssuer()
    const { K, S, post } = issuer.clients
    const failures = [
      await ask(issuer, basic(S.id, 'wrong')),
      await ask(issuer, basic('client_unknown', 'wrong')),
      await ask(issuer, basic(post.id, post.secret ?? '')),
      await ask(issuer, 'Basic !!!'),
      await ask(issuer, 'Bearer abc'),
      await issuer.post('/oauth2/token', { grant_type: 'client_credentials', client_id: K.id }),
      await issuer.post('/oauth2/token', {
        grant_type: 'client_credentials',
        client_id: 'client_unknown',
        client_secret: 'x',
      }),
    ]
    for (const answer of failures) {
      expectRefusal(answer, 'invalid_client', 401)
      expect(answer.headers['www-authenticate']).toBe('Basic realm="https://as.test", charset="UTF-8"')
    }
    expect(new Set(failures.map((answer) => answer.text)).size).toBe(1)
  })

  it('A-TOK-07 an unknown client asks the store for the same things as a wrong secret does', async () => {
    const issuer = await newIssuer()
    const askedFor = async (id: string): Promise<readonly string[]> => {
      issuer.clock.advance(2)
      issuer.store.forgetCalls()
      await ask(issuer, basic(id, 'wrong'))
      return [...issuer.store.calls]
    }
    const [known, unknown] = [await askedFor(issuer.clients.S.id), await askedFor('client_AAAAAAAAAAAAAAAAAAAAAA')]
    expect(known).toEqual(['findClient', 'appendEvents', 'count', 'count'])
    expect(unknown).toEqual(known)
  })

  it('A-TOK-08, PP-04 exactly one way, never the first one that fits', async () => {
    const issuer = await newIssuer()
    const { S, E } = issuer.clients
    const good = basic(S.id, S.secret ?? '')
    const many: readonly Record<string, string>[] = [
      { client_secret: S.secret ?? '' },
      { client_id: S.id, client_secret: S.secret ?? '' },
      { client_id: E.id },
      { client_id: 'client_unknown' },
      { client_assertion: 'x', client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' },
      { client_assertion: 'x' },
    ]
    for (const more of many) {
      issuer.forget()
      expectRefusal(await ask(issuer, good, more), 'invalid_request')
      expectEvent(issuer, 'client.auth.failed', { reason: 'multiple_methods' })
    }
    const both = { client_id: S.id, client_secret: 'x', client_assertion: 'x' }
    expectRefusal(await issuer.post('/oauth2/token', { grant_type: 'client_credentials', ...both }), 'invalid_request')
    expectTokens(await ask(issuer, good, { client_id: S.id }))
  })

  it('A-TOK-09 only the registered method counts', async () => {
    const issuer = await newIssuer()
    const { S, post } = issuer.clients
    expectRefusal(await ask(issuer, basic(post.id, post.secret ?? '')), 'invalid_client', 401)
    const inBody = { grant_type: 'client_credentials', client_id: S.id, client_secret: S.secret ?? '' }
    expectRefusal(await issuer.post('/oauth2/token', inBody), 'invalid_client', 401)
    expectTokens(await issuer.redeem(await issuer.authorize({ client: post })))
  })
})

describe('client_secret_basic', () => {
  it.for(['with:colon:inside', 'per%cent', 'plus+plus', 'a space', 'é☃😀', '%3A', '":;=&?/'])(
    'A-TOK-09 the secret %j is form-encoded before it is joined',
    async (secret) => {
      const issuer = await newIssuer()
      const { S } = issuer.clients
      const record = { ...S.record.secrets[0]!, digest: lookupKey(secret) }
      await issuer.changeClient(S, { secrets: [record] })
      expectTokens(await ask(issuer, basic(S.id, secret)))
      const unencoded = `Basic ${Buffer.from(`${S.id}:${secret}`).toString('base64')}`
      const answer = await ask(issuer, unencoded)
      const same = decodeForm(secret) === secret
      expect(answer.status).toBe(same ? 200 : 401)
    },
  )

  /** What a secret becomes when somebody forgot to encode it. */
  function decodeForm(text: string): string | undefined {
    try {
      return decodeURIComponent(text.replaceAll('+', ' '))
    } catch {
      return undefined
    }
  }

  it.for([
    'Basic',
    'Basic ',
    'Basic %%%',
    'Basic QQ',
    'Basic QQ==',
    'Basic Og==',
    'Basic OnNlY3JldA==',
    'basic:x',
    'Digest x',
    'Basic QUE6QkI=x',
    'Basic QU E6QkI=',
    'Basic wwA6QQ==',
  ])('A-TOK-09, IN-06 the header %j is refused', async (authorization) => {
    const issuer = await newIssuer()
    expectRefusal(await ask(issuer, authorization), 'invalid_client', 401)
  })

  it('A-TOK-09 the name of the scheme is read without regard to case', async () => {
    const issuer = await newIssuer()
    const { S } = issuer.clients
    for (const scheme of ['basic', 'BASIC', 'Basic'])
      expectTokens(await ask(issuer, basic(S.id, S.secret ?? '').replace('Basic', scheme)))
  })

  it('A-TOK-09 the examples of OAuth 2.1 decode to their parts', () => {
    const decode = (text: string) => Buffer.from(text, 'base64').toString()
    expect(decode('czZCaGRSa3F0MzpnWDFmQmF0M2JW')).toBe('s6BhdRkqt3:gX1fBat3bV')
    expect(basic('s6BhdRkqt3', 'gX1fBat3bV')).toBe('Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW')
    expect(basic('s6BhdRkqt3', '7Fjfp0ZBr1KtDRbnfVdmIw')).toBe('Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3')
  })
})

describe('secrets', () => {
  it('A-TOK-10, A-GEN-07 are made here, have 256 bits, and are kept as digests', async () => {
    const issuer = await newIssuer()
    const { K } = issuer.clients
    expect(K.secret).toMatch(/^[\w-]{43}$/)
    expect(JSON.stringify(await issuer.store.findClient(K.id))).not.toContain(K.secret)
    expect(K.record.secrets[0]?.digest).toBe(lookupKey(K.secret ?? ''))
  })

  it('A-TOK-10 the digest of a secret is no secret', async () => {
    const issuer = await newIssuer()
    const { S } = issuer.clients
    expectRefusal(await ask(issuer, basic(S.id, S.record.secrets[0]?.digest ?? '')), 'invalid_client', 401)
  })

  it('A-TOK-10 two work side by side during a rotation, and the old one ends by itself', async () => {
    const issuer = await newIssuer()
    const { S } = issuer.clients
    const { clock, random } = issuer
    const fresh = newSecret({ development: false, now: clock.now(), random, secretLifetime: 365 * day })
    const old = { ...S.record.secrets[0]!, expiresAt: seconds(clock.now() + 7 * day) }
    await issuer.changeClient(S, { secrets: [old, fresh.record] })
    for (const secret of [S.secret ?? '', fresh.secret]) expectTokens(await ask(issuer, basic(S.id, secret)))
    clock.advance(7 * day)
    expectRefusal(await ask(issuer, basic(S.id, S.secret ?? '')), 'invalid_client', 401)
    expectTokens(await ask(issuer, basic(S.id, fresh.secret)))
  })

  it('A-TOK-10 tells when each of two secrets was last used, and nothing of a wrong one', async () => {
    const issuer = await newIssuer()
    const { S } = issuer.clients
    const { clock, random } = issuer
    const fresh = newSecret({ development: false, now: clock.now(), random, secretLifetime: 365 * day })
    const [old] = S.record.secrets
    await issuer.changeClient(S, { secrets: [old!, fresh.record] })
    const used = async () => {
      await issuer.server.maintain()
      return (await issuer.store.usage.lastUse(S.id))?.secrets
    }
    expectRefusal(await ask(issuer, basic(S.id, 'wrong')), 'invalid_client', 401)
    expect(await used()).toBeUndefined()
    const first = clock.now()
    expectTokens(await ask(issuer, basic(S.id, S.secret ?? '')))
    expect(await used()).toEqual({ [old!.id]: first })
    clock.advance(60)
    expectTokens(await ask(issuer, basic(S.id, fresh.secret)))
    expect(await used()).toEqual({ [old!.id]: first, [fresh.record.id]: clock.now() })
  })

  it('A-TOK-10, A-CC-05 a secret ends after a year', async () => {
    const issuer = await newIssuer()
    const { S } = issuer.clients
    issuer.clock.advance(365 * day - 1)
    expectTokens(await ask(issuer, basic(S.id, S.secret ?? '')))
    issuer.clock.advance(1)
    expectRefusal(await ask(issuer, basic(S.id, S.secret ?? '')), 'invalid_client', 401)
  })

  it('A-TOK-10 changing a client leaves its secrets as they are', async () => {
    const issuer = await newIssuer()
    const { K } = issuer.clients
    const { clock, random } = issuer
    const changed = changeClient(
      K.record,
      { name: 'New name' },
      { development: false, now: clock.now(), random, secretLifetime: day },
    )
    expect(changed.secrets).toEqual(K.record.secrets)
    expect([changed.id, changed.version]).toEqual([K.id, 2])
  })
})

describe('guessing', () => {
  it('A-RATE-01 after ten failures a network waits, and the client works from everywhere else', async () => {
    const issuer = await newIssuer()
    const { S } = issuer.clients
    for (let attempt = 0; attempt < 10; attempt++)
      expectRefusal(await ask(issuer, basic(S.id, `wrong ${attempt}`)), 'invalid_client', 401)
    const blocked = await ask(issuer, basic(S.id, S.secret ?? ''))
    expectRefusal(blocked, 'temporarily_unavailable', 429)
    expect(Number(blocked.headers['retry-after'])).toBeGreaterThan(0)
    const elsewhere = { headers: { authorization: basic(S.id, S.secret ?? '') }, remoteAddress: '203.0.113.9' }
    expectTokens(await issuer.post('/oauth2/token', { grant_type: 'client_credentials', scope: 'read' }, elsewhere))
    issuer.clock.advance(61)
    expectTokens(await ask(issuer, basic(S.id, S.secret ?? '')))
  })
})
