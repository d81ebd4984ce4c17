import { decodeJwt, type TestClient, type TestIssuer, type Visit } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { newRealIssuer } from '../real-pages.ts'

const forget = 'https://web.test/forget?from=op'
const bye = 'https://web.test/bye'

const framed = (issuer: TestIssuer, change: Partial<TestClient['record']> = {}): Promise<TestClient> =>
  issuer.changeClient(issuer.clients.K, {
    frontchannelLogoutUri: forget,
    frontchannelLogoutSessionRequired: true,
    ...change,
  })

/** Addresses of the frames of a page, as a browser reads them. */
const framesOf = ({ answer }: Visit): readonly string[] =>
  [...answer.text.matchAll(/<iframe src="([^"]*)"/g)].map(([, src = '']) => src.replaceAll('&amp;', '&'))

const policyOf = ({ answer }: Visit): string => String(answer.headers['content-security-policy'])

async function signedInAt(change: Partial<TestClient['record']> = {}) {
  const issuer = await newRealIssuer()
  const client = await framed(issuer, change)
  const flow = await issuer.codeFlow({ client, parameters: { scope: 'openid read' } })
  const { browser } = flow.authorized
  const signOut = (more: Record<string, string> = {}): Promise<Visit> =>
    browser.open(`/oauth2/logout?${new URLSearchParams({ id_token_hint: flow.idToken, ...more }).toString()}`)
  return { issuer, client, flow, browser, signOut }
}

describe('frames of the signed-out page', () => {
  it('B-LOG-13 are in the metadata', async () => {
    const { json } = await (await newRealIssuer()).get('/.well-known/openid-configuration')
    expect(json).toMatchObject({ frontchannel_logout_supported: true, frontchannel_logout_session_supported: true })
  })

  it('B-LOG-13, B-IDT-13 name issuer and session beside what the address has, and nothing else may be framed', async () => {
    const { issuer, flow, signOut } = await signedInAt()
    const done = await signOut()
    const [frame, ...others] = framesOf(done)
    expect(others).toEqual([])
    expect(frame?.startsWith(`${forget}&`)).toBe(true)
    const { sid } = decodeJwt(flow.idToken).claims
    expect(sid).toMatch(/^[\w-]{43}$/)
    expect([...new URL(frame ?? '').searchParams]).toEqual([
      ['from', 'op'],
      ['iss', issuer.issuer],
      ['sid', sid],
    ])
    expect(policyOf(done)).toContain('; frame-src https://web.test; ')
    expect(policyOf(done)).not.toContain('script-src')
    expect(done.answer.text).toContain('hidden sandbox="allow-scripts allow-same-origin"')
  })

  it('B-LOG-13 say nothing of the session where the application does not ask for it', async () => {
    const { flow, signOut } = await signedInAt({ frontchannelLogoutSessionRequired: false })
    expect(framesOf(await signOut())).toEqual([forget])
    expect(decodeJwt(flow.idToken).claims).not.toHaveProperty('sid')
  })

  it('B-LOG-13, A-UI-02 a page without frames lets none in', async () => {
    const { browser, signOut } = await signedInAt({ frontchannelLogoutUri: undefined })
    expect(policyOf(await browser.open('/oauth2/logout'))).not.toContain('frame-src')
    const done = await signOut()
    expect([framesOf(done), policyOf(done).includes('frame-src')]).toEqual([[], false])
  })

  it('B-LOG-13, B-LOG-05 the browser goes on by itself once they had their time, and by hand at once', async () => {
    const { signOut } = await signedInAt()
    const done = await signOut({ post_logout_redirect_uri: bye, state: 'S 1&' })
    const next = `${bye}?state=S+1%26`
    expect([done.answer.status, done.leftFor, done.answer.headers['refresh']]).toEqual([
      200,
      undefined,
      `3; url=${next}`,
    ])
    expect(done.answer.text).toContain(`<a id="continue" href="${next}"`)
    expect(framesOf(done)).toHaveLength(1)
  })

  it('B-LOG-13, B-LOG-03 an address that is not registered is no way on', async () => {
    const { signOut } = await signedInAt()
    const done = await signOut({ post_logout_redirect_uri: 'https://web.test/other' })
    expect([done.answer.headers['refresh'], done.answer.text.includes('id="continue"')]).toEqual([undefined, false])
    expect(framesOf(done)).toHaveLength(1)
  })

  it('B-LOG-13 of every application of the session, and of no other session, disabled or deleted one', async () => {
    const { issuer, browser, client } = await signedInAt()
    const spa = await issuer.changeClient(issuer.clients.P, { frontchannelLogoutUri: 'https://app.test/forget' })
    await issuer.codeFlow({ client: spa, browser })
    const gone = await issuer.changeClient(issuer.clients.E, { frontchannelLogoutUri: 'https://evil.test/forget' })
    await issuer.codeFlow({ client: gone, browser })
    await issuer.changeClient(gone, { disabledAt: issuer.clock.now() })
    const other = await issuer.codeFlow({ client })
    const done = await browser.submit(await browser.open('/oauth2/logout'), 'logout-form')
    const frames = framesOf(done)
    expect(frames.map((frame) => new URL(frame).origin).toSorted()).toEqual(['https://app.test', 'https://web.test'])
    expect(frames.join()).not.toContain(String(decodeJwt(other.idToken).claims['sid']))
    expect(policyOf(done)).toMatch(/frame-src https:\/\/\S+ https:\/\/\S+;/)
  })

  it('B-LOG-13 a page that ended nothing has none', async () => {
    const { browser, signOut } = await signedInAt()
    await signOut()
    expect(framesOf(await browser.submit(await browser.open('/oauth2/logout'), 'logout-form'))).toEqual([])
  })
})
