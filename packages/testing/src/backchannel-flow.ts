import { backchannelGrant } from '@sallyport/server/model'
import type { Answer } from './answer.ts'
import type { AuthorizationDriver } from './authorization.ts'
import type { BackChannel, RequestOptions } from './back-channel.ts'
import type { Browser, Visit } from './browser.ts'
import type { IssuerCore } from './issuer-core.ts'
import type { Parameters } from './parameters.ts'
import type { Person } from './people.ts'
import { credentialsOf, type TestClient } from './test-client.ts'

/** A request that waits for the person it names. */
export type BegunRequest = { readonly client: TestClient; readonly authReqId: string; readonly answer: Answer }

/** How somebody answers a request that waits. */
export type RequestAnswer = {
  readonly person?: Person | undefined
  /** A browser that may be signed in; a new one when left out. */
  readonly browser?: Browser | undefined
  /** `allow` when left out. */
  readonly decision?: 'allow' | 'deny' | 'disown' | undefined
}

/** Requests without a browser (CIBA). */
export type BackchannelDriver = {
  /** Asks alice for `openid offline_access read` at the first API, unless `parameters` say otherwise. */
  readonly askPerson: (client: TestClient, parameters?: Parameters, options?: RequestOptions) => Promise<Answer>
  /** The same, and has to succeed. */
  readonly beginRequest: (client: TestClient, parameters?: Parameters) => Promise<BegunRequest>
  /** Signs somebody in where nobody is, and stops at the page of what waits. */
  readonly openRequests: (answer?: RequestAnswer) => Promise<{ browser: Browser; visit: Visit }>
  /** The same, and decides about the first request. Throws unless the page says that it was done. */
  readonly answerRequest: (answer?: RequestAnswer) => Promise<Browser>
  /** Asks the token endpoint how things stand. */
  readonly pollRequest: (
    begun: Pick<BegunRequest, 'client' | 'authReqId'>,
    changes?: Parameters,
    options?: RequestOptions & { readonly as?: TestClient },
  ) => Promise<Answer>
}

export function backchannelDriver(parts: IssuerCore & BackChannel & AuthorizationDriver): BackchannelDriver {
  const { alice, basePath, post, token } = parts
  const askPerson: BackchannelDriver['askPerson'] = (client, parameters = {}, options = {}) => {
    const credentials = credentialsOf(client, options.secret)
    const plain = { scope: 'openid offline_access read', resource: 'https://rs1.test', login_hint: alice.username }
    const headers = { ...credentials.headers, ...options.headers }
    const sent = { ...credentials.parameters, ...plain, ...parameters }
    return post('/oauth2/backchannel_authentication', sent, { ...options, headers })
  }
  const openRequests: BackchannelDriver['openRequests'] = async ({
    person = alice,
    browser = parts.browser(),
  } = {}) => {
    let visit = await browser.open(`${basePath}/account/requests`)
    if (visit.forms.some(({ id }) => id === 'login-form'))
      visit = await browser.submit(visit, 'login-form', { username: person.username, password: person.password })
    return { browser, visit }
  }
  return {
    askPerson,
    openRequests,
    beginRequest: async (client, parameters) => {
      const answer = await askPerson(client, parameters)
      if (answer.status !== 200) throw new Error(`not asked: ${answer.status} ${answer.text}`)
      return { client, authReqId: String(answer.json['auth_req_id']), answer }
    },
    answerRequest: async (answer = {}) => {
      const { browser, visit } = await openRequests(answer)
      const done = await browser.submit(visit, 'request-0-form', { decision: answer.decision ?? 'allow' })
      if (done.answer.status !== 200) throw new Error(`not decided: ${done.answer.status} ${done.answer.text}`)
      return browser
    },
    pollRequest: ({ client, authReqId }, changes = {}, options = {}) =>
      token(options.as ?? client, { grant_type: backchannelGrant, auth_req_id: authReqId, ...changes }, options),
  }
}
