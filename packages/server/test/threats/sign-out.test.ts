import type { Browser, TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf } from '../fixtures.ts'
import { expectPageOf, newRealIssuer, placeOf } from '../real-pages.ts'
import { compact, firstKey } from '../signed-by-us.ts'

const bye = 'https://web.test/bye'
const plain = { scope: 'openid read' }
const logout = (parameters: Record<string, string>): string =>
  `/oauth2/logout?${new URLSearchParams(parameters).toString()}`

const isSignedIn = async (issuer: TestIssuer, browser: Browser): Promise<boolean> =>
  (await issuer.authorize({ browser, parameters: { ...plain, prompt: 'none' } })).code !== ''

async function signedInWithHint(issuer: TestIssuer, options: Parameters<TestIssuer['codeFlow']>[0] = {}) {
  const flow = await issuer.codeFlow({ remember: true, parameters: plain, ...options })
  return { browser: flow.authorized.browser, hint: flow.idToken }
}

describe('where a sign-out leads', () => {
  const variants = [
    `${bye}/`,
    'https://web.test/BYE',
    'https://WEB.test/bye',
    'HTTPS://web.test/bye',
    'http://web.test/bye',
    'https://web.test:443/bye',
    'https://web.test:8443/bye',
    `${bye}?x=1`,
    `${bye}?`,
    `${bye}#`,
    `${bye}#f`,
    'https://web.test/./bye',
    'https://web.test/x/../bye',
    `${bye}/../evil`,
    `${bye}/..;/evil`,
    'https://web.test/%2e%2e/bye',
    'https://web.test/b%79e',
    'https://web.test//bye',
    'https://web.test%2fbye',
    'https://user@web.test/bye',
    'https://web.test@evil.test/bye',
    'https://web.test:x@evil.test/bye',
    'https://a@b@web.test/bye',
    'https://web.test\\@evil.test/bye',
    'https:\\\\web.test\\bye',
    'https:/web.test/bye',
    'https:web.test/bye',
    '//web.test/bye',
    '/bye',
    ` ${bye}`,
    `${bye} `,
    'https://web.test.evil.test/bye',
    'https://evil.test/https://web.test/bye',
    'https://web.test./bye',
    `${bye};jsessionid=1`,
    'javascript:alert(1)',
    'data:text/html,x',
    'https://evil.test/',
    'https://app.test/bye',
  ]
  it.for(variants)('CS-11 %j with a good hint: signed out, and the browser stays', async (post_logout_redirect_uri) => {
    const issuer = await newRealIssuer()
    const { browser, hint } = await signedInWithHint(issuer)
    const visit = await browser.open(logout({ id_token_hint: hint, post_logout_redirect_uri }))
    expect([visit.answer.status, visit.leftFor, visit.answer.location]).toEqual([200, undefined, undefined])
    expect(await isSignedIn(issuer, browser)).toBe(false)
    expect(eventsOf(issuer, 'logout.rejected', 'logout_redirect')).toHaveLength(1)
  })

  type Case = {
    readonly parameters: (issuer: TestIssuer, hint: string) => Record<string, string>
    /** Where the browser is after the request, and after the answer where it was asked. */
    readonly leads: 'asked, stays' | 'asked, leaves' | 'stays' | 'leaves'
  }
  const matrix: Record<string, Case> = {
    'neither hint nor client': { parameters: () => ({ post_logout_redirect_uri: bye }), leads: 'asked, stays' },
    'an unknown client': {
      parameters: () => ({ client_id: 'client_unknown', post_logout_redirect_uri: bye }),
      leads: 'asked, stays',
    },
    'the client by name': {
      parameters: ({ clients }) => ({ client_id: clients.K.id, post_logout_redirect_uri: bye }),
      leads: 'asked, leaves',
    },
    'another client by name': {
      parameters: ({ clients }) => ({ client_id: clients.P.id, post_logout_redirect_uri: bye }),
      leads: 'asked, stays',
    },
    'a hint and its address': {
      parameters: (_issuer, hint) => ({ id_token_hint: hint, post_logout_redirect_uri: bye }),
      leads: 'leaves',
    },
    'a hint and its client': {
      parameters: ({ clients }, hint) => ({
        id_token_hint: hint,
        client_id: clients.K.id,
        post_logout_redirect_uri: bye,
      }),
      leads: 'leaves',
    },
    'a hint alone': { parameters: (_issuer, hint) => ({ id_token_hint: hint }), leads: 'stays' },
    'the hint of one client and the address of another': {
      parameters: (_issuer, hint) => ({ id_token_hint: hint, post_logout_redirect_uri: 'https://app.test/bye' }),
      leads: 'stays',
    },
  }
  it.for(Object.entries(matrix))('CS-11 %s', async ([, { parameters, leads }]) => {
    for (const wait of [0, 3600]) {
      const issuer = await newRealIssuer()
      const { browser, hint } = await signedInWithHint(issuer)
      issuer.clock.advance(wait)
      let visit = await browser.open(logout(parameters(issuer, hint)))
      const asked = placeOf(visit) === 'logout'
      if (asked) {
        expect(await isSignedIn(issuer, browser)).toBe(true)
        visit = await browser.submit(visit, 'logout-form')
      }
      const end = visit.leftFor === undefined ? 'stays' : 'leaves'
      expect(asked ? `asked, ${end}` : end).toBe(leads)
      if (end === 'leaves') expect(visit.leftFor).toBe(bye)
      expect(await isSignedIn(issuer, browser)).toBe(false)
    }
  })

  it('CS-11 a forged hint is an error, signs nobody out and redirects nowhere', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await signedInWithHint(issuer)
    const claims = { iss: issuer.issuer, sub: issuer.alice.subject, aud: issuer.clients.K.id, exp: 9e9, iat: 1 }
    const forged = compact({ alg: 'ES256', typ: 'JWT', kid: 'x' }, claims, 'ES256', await firstKey('ES256'))
    expectPageOf(await browser.get(logout({ id_token_hint: forged, post_logout_redirect_uri: bye })), 'logout_hint')
    expect(await isSignedIn(issuer, browser)).toBe(true)
    expect(eventsOf(issuer, 'logout.rejected', 'logout_hint')).toHaveLength(1)
  })
})

describe('who can sign a person out', () => {
  it('CS-12 a link, an image and a frame without a hint only ask', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await signedInWithHint(issuer)
    for (const dest of ['document', 'image', 'iframe']) {
      const answer = await browser.get('/oauth2/logout', { 'sec-fetch-dest': dest, 'sec-fetch-site': 'cross-site' })
      expect([dest, answer.status, answer.cookies]).toEqual([dest, 200, []])
    }
    expect(await isSignedIn(issuer, browser)).toBe(true)
  })

  it('CS-12 the hint of somebody else asks as well, by GET', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await signedInWithHint(issuer)
    const attacker = await signedInWithHint(issuer, { person: issuer.bob })
    const visit = await browser.open(logout({ id_token_hint: attacker.hint, post_logout_redirect_uri: bye }))
    expect([placeOf(visit), await isSignedIn(issuer, browser)]).toEqual(['logout', true])
  })

  it('CS-12 and by a form of another site, which brings no cookies and takes none away', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await signedInWithHint(issuer)
    const { hint } = await signedInWithHint(issuer, { person: issuer.bob })
    const forms = [
      { id_token_hint: hint },
      { id_token_hint: hint, post_logout_redirect_uri: bye },
      // Too long for an address, so that it is answered as it came.
      { id_token_hint: hint, state: 'x'.repeat(7000), post_logout_redirect_uri: bye },
      {},
    ]
    for (const form of forms) {
      const body = new URLSearchParams(form).toString()
      const visit = await browser.postFromElsewhere('/oauth2/logout', body, 'https://evil.test')
      expect(visit.hops.flatMap(({ cookies }) => cookies)).toEqual([])
      expect(await isSignedIn(issuer, browser)).toBe(true)
    }
  })

  it('CS-12 the answer to the question has to come from our own page', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await signedInWithHint(issuer)
    const asked = await browser.open('/oauth2/logout')
    const body = new URLSearchParams(asked.forms[0]?.fields).toString()
    const visit = await browser.postFromElsewhere('/oauth2/logout', body, 'https://evil.test')
    expectPageOf(visit.answer, 'csrf', 403)
    expect(await isSignedIn(issuer, browser)).toBe(true)
    expect(eventsOf(issuer, 'csrf.rejected').map(({ detail }) => detail['surface'])).toEqual(['logout'])
  })
})
