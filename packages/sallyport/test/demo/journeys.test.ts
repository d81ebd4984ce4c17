import type { HttpRequest, HttpResponse } from '@sallyport/server'
import { describe, expect, it } from 'vitest'
import { pageLeftOut } from '../../src/demo/exchange.ts'
import { createJourneys } from '../../src/demo/journeys.ts'

const asked = (method: string, path: string, query: string, body?: string): HttpRequest => ({
  ...{ method, path, query, headers: { host: 'as.test', cookie: 'a=the-cookie' } },
  body: body === undefined ? undefined : Buffer.from(body),
  remoteAddress: '192.0.2.1',
})
const to = (location: string): HttpResponse => ({
  status: 303,
  headers: { location, 'set-cookie': ['b=the-new-cookie'] },
  body: '',
})
const page: HttpResponse = { status: 200, headers: { 'content-type': 'text/html' }, body: '<p>the page</p>' }

describe('what is shown of a sign-in', () => {
  const signIn = (base = '') => {
    const journeys = createJourneys(`https://as.test${base}`)
    const authorize = (state: string, handle: string): void => {
      journeys.add(
        asked('GET', `${base}/oauth2/authorize`, `state=${state}`),
        to(`${base}/login?interaction=${handle}`),
      )
    }
    authorize('S', 'I')
    authorize('T', 'J')
    journeys.add(asked('GET', `${base}/login`, 'interaction=I'), page)
    const form = 'interaction=I&username=alice&password=the%2Fpassword&csrf=c'
    journeys.add(asked('POST', `${base}/login`, '', form), to(`${base}/oauth2/resume?interaction=I`))
    journeys.add(asked('GET', `${base}/oauth2/resume`, 'interaction=I'), to('https://app.test/cb?code=C&state=S'))
    return journeys
  }

  it.each(['', '/tenant'])(
    'A-PKCE-06 is every message of the attempt, in order, and of no other: issuer with path %j',
    (base) => {
      const messages = signIn(base).take('S')
      expect(messages.map(({ request, answer }) => [request.method, request.url, answer?.status])).toEqual([
        ['GET', `https://as.test${base}/oauth2/authorize?state=S`, 303],
        ['GET', `https://as.test${base}/login?interaction=I`, 200],
        ['POST', `https://as.test${base}/login`, 303],
        ['GET', `https://as.test${base}/oauth2/resume?interaction=I`, 303],
      ])
      expect(messages[1]?.answer?.body).toBe(pageLeftOut)
    },
  )

  it('A-UI-11 never has the password, nor a cookie', () => {
    const messages = signIn().take('S')
    expect(messages[2]?.request.body).toBe('interaction=I&username=alice&password=••••••••&csrf=c')
    expect(JSON.stringify(messages)).not.toMatch(/the%2Fpassword|the-cookie|the-new-cookie/)
  })

  it('is given away once, to whoever has the state, and kept of the newest attempts only', () => {
    const journeys = signIn()
    expect(journeys.take('S')).toHaveLength(4)
    expect(journeys.take('S')).toEqual([])
    expect(journeys.take('nobody')).toEqual([])
    for (let number = 0; number < 50; number++)
      journeys.add(asked('GET', '/oauth2/authorize', `state=${number}`), to('/login?interaction=x'))
    expect(journeys.take('T')).toEqual([])
    for (let number = 0; number < 30; number++) journeys.add(asked('GET', '/login', 'interaction=x'), page)
    expect(journeys.take('49').length).toBeLessThanOrEqual(20)
  })

  it('is nothing of other places', () => {
    const journeys = signIn()
    journeys.add(asked('POST', '/oauth2/token', '', 'interaction=I&code=C'), page)
    expect(journeys.take('S')).toHaveLength(4)
  })
})
