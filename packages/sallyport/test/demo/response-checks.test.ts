import { systemRandom } from '@sallyport/protocol'
import { describe, expect, it } from 'vitest'
import { newAttempt } from '../../src/demo/authorization-request.ts'
import { allPassed, readResponse, responseChecks } from '../../src/demo/response-checks.ts'

const issuer = 'https://as.test'
const client = { id: 'client_1', name: 'App', secret: undefined, redirectUri: 'https://app.test/cb' }
const attempt = newAttempt(systemRandom(), { client, issuer, scope: 'openid' })
const good = { code: 'c', state: attempt.state, iss: issuer }

const accepted = (query: URLSearchParams): boolean => allPassed(responseChecks(attempt, readResponse(query)))

describe('the demo app as a client', () => {
  it('A-ISS-02 takes an answer in the name of the issuer it asked', () => {
    expect(accepted(new URLSearchParams(good))).toBe(true)
  })

  it.each([
    ['another issuer', 'https://evil.test'],
    ['a slash added', `${issuer}/`],
    ['an upper-case host', 'https://AS.test'],
    ['an empty one', ''],
  ])('A-ISS-02 refuses %s', (_name, iss) => {
    expect(accepted(new URLSearchParams({ ...good, iss }))).toBe(false)
  })

  it('A-ISS-02 refuses an answer without iss', () => {
    expect(accepted(new URLSearchParams({ code: good.code, state: good.state }))).toBe(false)
  })

  it('A-ISS-04 refuses an answer with two of them, even when both are right', () => {
    expect(accepted(new URLSearchParams([...Object.entries(good), ['iss', issuer]]))).toBe(false)
  })

  it('A-SPA-02 refuses another state, none, and two', () => {
    expect(accepted(new URLSearchParams({ ...good, state: 'x' }))).toBe(false)
    expect(accepted(new URLSearchParams({ code: 'c', iss: issuer }))).toBe(false)
    expect(accepted(new URLSearchParams([...Object.entries(good), ['state', attempt.state]]))).toBe(false)
  })
})
