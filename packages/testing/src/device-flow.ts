import type { Answer } from './answer.ts'
import type { AuthorizationDriver } from './authorization.ts'
import type { BackChannel, RequestOptions } from './back-channel.ts'
import type { Browser, Visit } from './browser.ts'
import type { IssuerCore } from './issuer-core.ts'
import type { Parameters } from './parameters.ts'
import type { Person } from './people.ts'
import { credentialsOf, type TestClient } from './test-client.ts'

const grantType = 'urn:ietf:params:oauth:grant-type:device_code'

/** A device that waits for its person. */
export type BegunDevice = {
  readonly client: TestClient
  readonly deviceCode: string
  /** As the device shows it. */
  readonly userCode: string
  readonly answer: Answer
}

/** What a test wants to be different from the plain request of the television D. */
export type DeviceOptions = RequestOptions & {
  readonly client?: TestClient | undefined
  readonly parameters?: Parameters | undefined
}

/** How somebody answers a device. */
export type DeviceAnswer = {
  readonly person?: Person | undefined
  /** A browser that may be signed in; a new one when left out. */
  readonly browser?: Browser | undefined
  /** `allow` when left out. */
  readonly decision?: 'allow' | 'deny' | 'disown' | undefined
}

/** The device's side of the device authorization grant (RFC 8628). */
export type DeviceDriver = {
  /** Asks for the two codes: `openid offline_access read` at the first API, unless `parameters` say otherwise. */
  readonly askDevice: (options?: DeviceOptions) => Promise<Answer>
  /** The same, and has to succeed. */
  readonly beginDevice: (options?: DeviceOptions) => Promise<BegunDevice>
  /** Signs somebody in where nobody is, enters a code, and stops at the page that asks for the decision, or at a refusal. */
  readonly enterCode: (userCode: string, answer?: DeviceAnswer) => Promise<{ browser: Browser; visit: Visit }>
  /** The same, and decides. Throws unless the page says that it was done. */
  readonly answerDevice: (begun: Pick<BegunDevice, 'userCode'>, answer?: DeviceAnswer) => Promise<Browser>
  /** Asks the token endpoint how things stand; `changes` replace or leave out parameters. */
  readonly poll: (
    begun: BegunDevice,
    changes?: Parameters,
    options?: RequestOptions & { readonly as?: TestClient },
  ) => Promise<Answer>
}

export function deviceDriver(parts: IssuerCore & BackChannel & AuthorizationDriver): DeviceDriver {
  const { alice, basePath, clients, post, token } = parts
  const askDevice: DeviceDriver['askDevice'] = (options = {}) => {
    const credentials = credentialsOf(options.client ?? clients.D, options.secret)
    const plain = { scope: 'openid offline_access read', resource: 'https://rs1.test' }
    const parameters = { ...credentials.parameters, ...plain, ...options.parameters }
    const headers = { 'user-agent': 'Television/1.0', ...credentials.headers, ...options.headers }
    return post('/oauth2/device_authorization', parameters, { ...options, headers })
  }
  const enterCode: DeviceDriver['enterCode'] = async (userCode, { person = alice, browser = parts.browser() } = {}) => {
    let visit = await browser.open(`${basePath}/device`)
    if (visit.forms.some(({ id }) => id === 'login-form'))
      visit = await browser.submit(visit, 'login-form', { username: person.username, password: person.password })
    return { browser, visit: await browser.submit(visit, 'device-form', { user_code: userCode }) }
  }
  return {
    askDevice,
    enterCode,
    answerDevice: async ({ userCode }, answer = {}) => {
      const { browser, visit } = await enterCode(userCode, answer)
      const done = await browser.submit(visit, 'decision-form', { decision: answer.decision ?? 'allow' })
      if (done.answer.status !== 200) throw new Error(`not decided: ${done.answer.status} ${done.answer.text}`)
      return browser
    },
    beginDevice: async (options = {}) => {
      const answer = await askDevice(options)
      if (answer.status !== 200) throw new Error(`no device code: ${answer.status} ${answer.text}`)
      const { device_code: deviceCode, user_code: userCode } = answer.json
      return { client: options.client ?? clients.D, deviceCode: String(deviceCode), userCode: String(userCode), answer }
    },
    poll: ({ client, deviceCode }, changes = {}, options = {}) =>
      token(options.as ?? client, { grant_type: grantType, device_code: deviceCode, ...changes }, options),
  }
}
