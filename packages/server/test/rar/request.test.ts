import { createDetailTypes, DetailTypeError, type DetailType } from '@sallyport/server'
import { describe, expect, it } from 'vitest'
import { eventsOf, expectBack, expectRefusal } from '../fixtures.ts'
import { placeOf, signedIn } from '../real-pages.ts'
import { accounts, detailIssuer, detailTypes, payment, text } from './details.ts'

const codeOf = 'invalid_authorization_details'

const deep = (levels: number): string => `[{"type":"payment","payee":${'['.repeat(levels)}${']'.repeat(levels)}}]`

const bad: Readonly<Record<string, string>> = {
  'no JSON': '[{"type":',
  'an object': JSON.stringify(payment()),
  'an empty list': '[]',
  'a text': '"payment"',
  'an entry that is no object': '["payment"]',
  'an entry without a type': '[{"payee":"Robin"}]',
  'a type that is no text': '[{"type":["payment"]}]',
  'an unknown type': '[{"type":"transfer"}]',
  'a type that every object has': '[{"type":"constructor"}]',
  'the type __proto__': '[{"type":"__proto__"}]',
  'a member __proto__': '[{"type":"accounts","__proto__":{"actions":["balance"]}}]',
  'a member that nobody declared': text(payment('1.00', { note: 'x' })),
  'a member inside that nobody declared': text({ ...payment(), amount: { currency: 'EUR', value: '1.00', tip: 'x' } }),
  'a missing member': '[{"type":"payment","payee":"Robin"}]',
  'a value of the wrong kind': text({ ...payment(), payee: 7 }),
  'a value outside its list': text({ ...payment(), amount: { currency: 'XXX', value: '1.00' } }),
  'an amount with a sign': text(payment('-1.00')),
  'the same entry twice': text(payment(), {
    payee: 'Robin',
    amount: { value: '99.50', currency: 'EUR' },
    type: 'payment',
  }),
  'a member that stands there twice': '[{"type":"accounts","actions":["balance"],"actions":["history"]}]',
  'too many entries': text(...Array.from({ length: 21 }, (_, index) => payment(`${index}.00`))),
  'too deep a nesting': deep(8),
  'ten thousand levels': deep(7000),
  'more than 16 KiB': text(payment('1.00', { payee: 'x'.repeat(16_400) })),
}

describe('authorization_details of a pushed request', () => {
  it('B-RAR-01, B-RAR-07, JR-14 refuse what is not well formed, at once and whole', async () => {
    const issuer = await detailIssuer()
    for (const [what, details] of Object.entries(bad)) {
      const answer = await issuer.push(issuer.clients.K, { ...request(issuer), authorization_details: details })
      expect([what, answer.status, answer.json['error']]).toEqual([what, 400, codeOf])
    }
    expect(Object.getPrototypeOf({})).not.toHaveProperty('actions')
    const reasons = eventsOf(issuer, 'authz.request.rejected').map(({ reason }) => reason)
    expect(new Set(reasons)).toEqual(new Set(['details']))
  })

  it('B-RAR-01 take what fits, with the most that may be asked for', async () => {
    const issuer = await detailIssuer()
    const many = Array.from({ length: 20 }, (_, index) => payment(`${index}.00`))
    for (const details of [text(payment()), text(payment(), accounts('balance')), text(...many)])
      expect((await issuer.push(issuer.clients.K, { ...request(issuer), authorization_details: details })).status).toBe(
        201,
      )
  })

  it('B-RAR-02 are only of types that the client may use, and the metadata names those there are', async () => {
    const issuer = await detailIssuer()
    const own = await issuer.changeClient(issuer.clients.K, { authorizationDetailsTypes: ['accounts'] })
    const ask = (...details: unknown[]) =>
      issuer.push(own, { ...request(issuer), authorization_details: text(...details) })
    expect((await ask(accounts('balance'))).status).toBe(201)
    expectRefusal(await ask(accounts('balance'), payment()), codeOf)
    const { json } = await issuer.get('/.well-known/oauth-authorization-server')
    expect(json['authorization_details_types_supported']).toEqual(['payment', 'accounts', 'report'])
  })

  it('B-RAR-02 are refused where there is no type at all, and nothing is promised then', async () => {
    const issuer = await detailIssuer({ authorizationDetails: [] })
    const asked = { ...request(issuer), authorization_details: text(payment()) }
    expectRefusal(await issuer.push(issuer.clients.K, asked), codeOf)
    const { json } = await issuer.get('/.well-known/oauth-authorization-server')
    expect(json).not.toHaveProperty('authorization_details_types_supported')
  })

  it('B-RAR-07 have to be pushed, unless the operator says otherwise', async () => {
    const strict = await detailIssuer()
    const parameters = { authorization_details: text(payment()) }
    expectBack(await strict.authorize({ parameters }), 'invalid_request')
    expect((await strict.authorize({ parameters, pushed: true })).code).not.toBe('')
    const loose = await detailIssuer({ policy: { requirePushedDetails: false } })
    expect((await loose.authorize({ parameters })).code).not.toBe('')
    expectBack(await loose.authorize({ parameters: { authorization_details: '[{"type":"x"}]' } }), codeOf)
  })
})

const request = (issuer: Awaited<ReturnType<typeof detailIssuer>>) => ({
  response_type: 'code',
  redirect_uri: issuer.clients.K.redirectUri,
  scope: 'openid read',
  resource: 'https://rs1.test',
  code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cA',
  code_challenge_method: 'S256',
})

describe('the consent page', () => {
  const pushed = { pushed: true } as const

  it('B-RAR-03, JR-16 shows every detail in the words of its type, each value escaped and cut where it is long', async () => {
    const issuer = await detailIssuer()
    const payee = '<img src=x onerror=alert(1)>'
    const long = `${'y'.repeat(10_000)}`
    const details = text(payment('42.00', { payee }), payment('1.00', { payee: long }), accounts('balance', 'history'))
    const options = { ...pushed, parameters: { authorization_details: details } }
    const begun = await issuer.begin(options)
    const { username, password } = issuer.alice
    const { answer } = await begun.browser.submit(begun.visit, 'login-form', { username, password })
    for (const shown of ['Send money once', 'Amount', '42.00', 'EUR', 'Look at your accounts', 'balance, history'])
      expect(answer.text).toContain(shown)
    expect(answer.text).toContain('&lt;img src=x onerror=alert(1)&gt;')
    expect(answer.text).not.toContain('<img src=x')
    expect(answer.text).toContain(`${'y'.repeat(200)}…`)
    expect(answer.text).not.toContain('y'.repeat(201))
  })

  it('B-RAR-03 speaks German where the words do', async () => {
    const issuer = await detailIssuer()
    const parameters = { authorization_details: text(payment()), ui_locales: 'de' }
    const begun = await issuer.begin({ ...pushed, parameters })
    const { username, password } = issuer.alice
    const { answer } = await begun.browser.submit(begun.visit, 'login-form', { username, password })
    expect(answer.text).toContain('Einmal Geld senden')
    expect(answer.text).toContain('<dt>An</dt>')
  })

  it('CS-06, B-RAR-03 asks each time: for remembered agreement, for trusted clients and silently too', async () => {
    const issuer = await detailIssuer()
    const { browser } = await signedIn(issuer, { parameters: { scope: 'openid read' } })
    const parameters = { scope: 'openid read', authorization_details: text(payment()) }
    expect(placeOf((await issuer.begin({ ...pushed, browser, parameters })).visit)).toBe('consent')
    await issuer.authorize({ ...pushed, browser, parameters, remember: true })
    expect(placeOf((await issuer.begin({ ...pushed, browser, parameters })).visit)).toBe('consent')
    await issuer.changeClient(issuer.clients.K, { firstParty: true })
    expect(placeOf((await issuer.begin({ ...pushed, browser, parameters })).visit)).toBe('consent')
    const silent = { ...parameters, prompt: 'none' }
    expectBack(await issuer.authorize({ ...pushed, browser, parameters: silent }), 'consent_required')
  })

  it('B-RAR-03 refusing ends it all, and so does leaving everything out', async () => {
    const issuer = await detailIssuer()
    const parameters = { authorization_details: text(payment()) }
    expectBack(await issuer.authorize({ ...pushed, parameters, decision: 'deny' }), 'access_denied')
    const only = { authorization_details: text(accounts('balance')) }
    const options = { ...pushed, parameters: only }
    const begun = await issuer.begin(options)
    const { username, password } = issuer.alice
    const page = await begun.browser.submit(begun.visit, 'login-form', { username, password })
    const left = await begun.browser.submit(page, 'consent-form', { decision: 'allow', detail_0: '' })
    expectBack({ ...begun, visit: left, response: left.answer.parameters, code: '', error: undefined }, 'access_denied')
  })

  it('B-RAR-03, CS-04 lets a person leave out what is optional and nothing else, whatever the form says', async () => {
    const issuer = await detailIssuer()
    const parameters = { authorization_details: text(payment(), accounts('balance')) }
    const begun = await issuer.begin({ ...pushed, parameters })
    const { username, password } = issuer.alice
    const page = await begun.browser.submit(begun.visit, 'login-form', { username, password })
    expect(page.forms.find(({ id }) => id === 'consent-form')?.names).toContain('detail_1')
    const forged = { authorization_details: text(payment('1000000.00')), detail_0: '', detail_1: '' }
    const visit = await begun.browser.submit(page, 'consent-form', { decision: 'allow', ...forged })
    const answer = await issuer.redeem(await issuer.finish({ ...begun, visit }))
    expect(answer.json['authorization_details']).toEqual([payment()])
    const [granted] = eventsOf(issuer, 'consent.granted')
    expect(granted?.detail).toMatchObject({
      details: 'payment',
      details_digest: expect.stringMatching(/^[\w-]{43}$/) as string,
    })
  })

  it('JR-10 a request with details alone needs no scope', async () => {
    const issuer = await detailIssuer()
    const parameters = { authorization_details: text(payment()), scope: undefined }
    const flow = await issuer.authorize({ ...pushed, parameters })
    const { json } = await issuer.redeem(flow)
    expect([json['authorization_details'], json['scope'], json['id_token']]).toEqual([
      [payment()],
      undefined,
      undefined,
    ])
  })
})

describe('the types of an operator', () => {
  const [first] = detailTypes
  const changed = (more: Partial<DetailType>) => ({ ...first, ...more }) as DetailType
  const broken: readonly (readonly DetailType[])[] = [
    [changed({ type: 'a b' })],
    [changed({ words: {} })],
    [changed({ words: { en: { title: '' } } })],
    [changed({ words: { 'not a language': { title: 'x' } } })],
    [changed({ schema: { additionalProperties: true } })],
    [changed({ schema: { type: 'array' } })],
    [changed({ schema: { properties: { a: { type: 'nothing' } } } })],
    [changed({ schema: { properties: { a: { unknown: 1 } } } })],
    [changed({ narrowing: { payee: 'smaller' as 'same' } })],
    [changed({ resources: ['no uri'] })],
    [changed({}), changed({})],
  ]
  it('B-RAR-01 that are not sound stop the start, with the type and what is wrong with it', () => {
    for (const types of broken) expect(() => createDetailTypes(types)).toThrow(DetailTypeError)
    expect(() => createDetailTypes([changed({ words: {} })])).toThrow(/payment: .*words/)
  })
})
