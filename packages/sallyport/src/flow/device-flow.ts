import { setTimeout as pause } from 'node:timers/promises'
import * as oauth from 'oauth4webapi'
import { CommandFailure, exitCode } from '../failure.ts'
import { refusedByServer, requestOptions, type Endpoint } from './discover.ts'
import { pollUntilDecided, type PollOutcome } from './poll-device.ts'

/** What the person at the device has to know. */
export type DeviceCodes = {
  readonly userCode: string
  readonly address: string
  /** The address with the code in it, where the server gives one. */
  readonly complete: string | undefined
  /** Seconds until the code is over. */
  readonly expiresIn: number
}

export type DeviceFlowOptions = {
  readonly scope: string
  readonly resources: readonly string[]
  /** Shows the codes. */
  readonly show: (codes: DeviceCodes) => Promise<void>
}

/**
 * Plays a device without a browser (RFC 8628). It sends an S256 challenge along: a server that checks it gives the tokens to
 * nobody who only saw the device code, and others take no notice.
 */
export async function runDeviceFlow(
  endpoint: Endpoint,
  options: DeviceFlowOptions,
): Promise<oauth.TokenEndpointResponse> {
  if (endpoint.server.device_authorization_endpoint === undefined)
    throw new CommandFailure(exitCode.failed, `${endpoint.server.issuer} offers no grant for devices`)
  const verifier = oauth.generateRandomCodeVerifier()
  const answer = await askForCodes(endpoint, options, verifier)
  await options.show(codesOf(answer))
  return pollUntilDecided({
    interval: answer.interval ?? 5,
    expiresIn: answer.expires_in,
    poll: () => pollOnce(endpoint, { deviceCode: answer.device_code, verifier, resource: options.resources[0] }),
    wait: (seconds) => pause(seconds * 1000),
    now: () => performance.now() / 1000,
  })
}

async function askForCodes(
  endpoint: Endpoint,
  { scope, resources }: DeviceFlowOptions,
  verifier: string,
): Promise<oauth.DeviceAuthorizationResponse> {
  const { server, client, authentication } = endpoint
  const challenge = await oauth.calculatePKCECodeChallenge(verifier)
  const parameters = new URLSearchParams({ scope, code_challenge: challenge, code_challenge_method: 'S256' })
  for (const resource of resources) parameters.append('resource', resource)
  try {
    const options = requestOptions(endpoint)
    const response = await oauth.deviceAuthorizationRequest(server, client, authentication, parameters, options)
    return await oauth.processDeviceAuthorizationResponse(server, client, response)
  } catch (error) {
    throw refusedByServer(error, 'no device code')
  }
}

const plain = /^[\x20-\x7e]{1,100}$/

/** What a server sends goes to a terminal: nothing that could steer it, and no address that is none. */
function codesOf(answer: oauth.DeviceAuthorizationResponse): DeviceCodes {
  const { user_code: userCode, verification_uri: address, verification_uri_complete: complete } = answer
  const isAddress = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
  if (!plain.test(userCode) || !isAddress(address))
    throw new CommandFailure(exitCode.failed, 'the server gave a code or an address that cannot be shown')
  return {
    userCode,
    address: new URL(address).href,
    complete: complete !== undefined && isAddress(complete) ? new URL(complete).href : undefined,
    expiresIn: answer.expires_in,
  }
}

type Waiting = { readonly deviceCode: string; readonly verifier: string; readonly resource: string | undefined }

async function pollOnce(
  endpoint: Endpoint,
  { deviceCode, verifier, resource }: Waiting,
): Promise<PollOutcome<oauth.TokenEndpointResponse>> {
  const { server, client, authentication } = endpoint
  const more = new URLSearchParams({ code_verifier: verifier })
  if (resource !== undefined) more.set('resource', resource)
  const options = { ...requestOptions(endpoint), additionalParameters: more }
  let response: Response
  try {
    response = await oauth.deviceCodeGrantRequest(server, client, authentication, deviceCode, options)
  } catch {
    // The network, or the limit on how long one question may take: the server may be back later.
    return { kind: 'no_answer' }
  }
  try {
    return { kind: 'tokens', tokens: await oauth.processDeviceCodeResponse(server, client, response) }
  } catch (error) {
    const code = error instanceof oauth.ResponseBodyError ? error.error : undefined
    if (code === 'authorization_pending' || code === 'slow_down') return { kind: code }
    if (code === 'temporarily_unavailable' || response.status >= 500) return { kind: 'no_answer' }
    throw refusedByServer(error, 'no tokens')
  }
}
