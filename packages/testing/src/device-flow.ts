import type { Answer } from './answer.ts'
import type { BackChannel, RequestOptions } from './back-channel.ts'
import type { IssuerCore } from './issuer-core.ts'
import type { Parameters } from './parameters.ts'
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

/** The device's side of the device authorization grant (RFC 8628). */
export type DeviceDriver = {
  /** Asks for the two codes: `openid offline_access read` at the first API, unless `parameters` say otherwise. */
  readonly askDevice: (options?: DeviceOptions) => Promise<Answer>
  /** The same, and has to succeed. */
  readonly beginDevice: (options?: DeviceOptions) => Promise<BegunDevice>
  /** Asks the token endpoint how things stand; `changes` replace or leave out parameters. */
  readonly poll: (
    begun: BegunDevice,
    changes?: Parameters,
    options?: RequestOptions & { readonly as?: TestClient },
  ) => Promise<Answer>
}

export function deviceDriver({ clients, post, token }: IssuerCore & BackChannel): DeviceDriver {
  const askDevice: DeviceDriver['askDevice'] = (options = {}) => {
    const credentials = credentialsOf(options.client ?? clients.D, options.secret)
    const plain = { scope: 'openid offline_access read', resource: 'https://rs1.test' }
    const parameters = { ...credentials.parameters, ...plain, ...options.parameters }
    const headers = { 'user-agent': 'Television/1.0', ...credentials.headers, ...options.headers }
    return post('/oauth2/device_authorization', parameters, { ...options, headers })
  }
  return {
    askDevice,
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
