import * as oauth from 'oauth4webapi'
import { CommandFailure, exitCode } from '../failure.ts'
import { waitForCallback } from './callback.ts'
import { refusedByServer, requestOptions, type Endpoint } from './discover.ts'
import { openBrowser } from './open-browser.ts'

export type CodeFlowOptions = {
  readonly scope: string
  readonly resources: readonly string[]
  /** The registered loopback URI; without a port a free one is taken, as native clients may. */
  readonly redirectUri: string
  /** Push the request even where the server does not demand it (RFC 9126). */
  readonly push: boolean
  readonly open: boolean
  /** Seconds to wait for the browser. */
  readonly timeout: number
  readonly say: (line: string) => void
}

/** Runs the code flow as an application on this machine: a fresh verifier, state, nonce, and every check of the answer. */
export async function runCodeFlow(endpoint: Endpoint, options: CodeFlowOptions): Promise<oauth.TokenEndpointResponse> {
  requireS256(endpoint)
  const state = oauth.generateRandomState()
  const callback = await waitForCallback(options.redirectUri, state)
  try {
    const verifier = oauth.generateRandomCodeVerifier()
    const nonce = oauth.generateRandomNonce()
    const transaction = { verifier, state, nonce, redirectUri: callback.redirectUri }
    const parameters = await requestParameters(endpoint, options, transaction)
    const address = await authorizationUrl(endpoint, options, parameters)
    options.say(`Open this address in a browser:\n\n  ${address}\n`)
    if (options.open) openBrowser(address)
    const answer = await callback.answer(options.timeout)
    return await redeem(endpoint, options, { ...transaction, answer })
  } finally {
    await callback.close()
  }
}

/** A server that does not say that it checks S256 may well ignore the challenge: nothing is started there (A-PKCE-14). */
function requireS256({ server }: Endpoint): void {
  if (server.code_challenge_methods_supported?.includes('S256') === true) return
  throw new CommandFailure(exitCode.failed, `${server.issuer} does not announce PKCE with S256; no flow was started`)
}

/** `iss` must be there and be the issuer that was asked, whether the server announces it or not (A-ISS-02, A-ISS-03). */
function requireIssuer({ server }: Endpoint, answer: URLSearchParams): void {
  const [issuer, ...more] = answer.getAll('iss')
  if (issuer === server.issuer && more.length === 0) return
  const named = issuer === undefined ? 'names no issuer' : 'names another issuer'
  throw new CommandFailure(exitCode.failed, `the answer ${named}; its code was not used`)
}

type Transaction = {
  readonly verifier: string
  readonly state: string
  readonly nonce: string
  readonly redirectUri: string
}

async function requestParameters(
  { client }: Endpoint,
  { scope, resources }: CodeFlowOptions,
  { verifier, state, nonce, redirectUri }: Transaction,
): Promise<URLSearchParams> {
  const parameters = new URLSearchParams({
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: redirectUri,
    scope,
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  })
  for (const resource of resources) parameters.append('resource', resource)
  return parameters
}

/** Where the browser goes: with the whole request, or with a reference where it is pushed, by wish or because the server says so. */
async function authorizationUrl(
  endpoint: Endpoint,
  { push, say }: CodeFlowOptions,
  parameters: URLSearchParams,
): Promise<string> {
  const { server, client } = endpoint
  const url = new URL(server.authorization_endpoint ?? '')
  const brought =
    push || server.require_pushed_authorization_requests === true ? await pushed(endpoint, parameters) : undefined
  if (brought !== undefined) say(`The request was pushed; its reference is good for ${brought.expires_in} seconds.`)
  const query = brought === undefined ? parameters : { client_id: client.client_id, request_uri: brought.request_uri }
  for (const [name, value] of new URLSearchParams(query)) url.searchParams.append(name, value)
  return url.href
}

async function pushed(endpoint: Endpoint, parameters: URLSearchParams): Promise<oauth.PushedAuthorizationResponse> {
  const { server, client, authentication } = endpoint
  if (server.pushed_authorization_request_endpoint === undefined)
    throw new CommandFailure(exitCode.failed, `${server.issuer} takes no pushed requests; no flow was started`)
  try {
    const options = requestOptions(endpoint)
    const response = await oauth.pushedAuthorizationRequest(server, client, authentication, parameters, options)
    return await oauth.processPushedAuthorizationResponse(server, client, response)
  } catch (error) {
    throw refusedByServer(error, 'the request was not taken')
  }
}

async function redeem(
  endpoint: Endpoint,
  { scope, resources }: CodeFlowOptions,
  transaction: Transaction & { readonly answer: URLSearchParams },
): Promise<oauth.TokenEndpointResponse> {
  const { server, client, authentication } = endpoint
  const { answer, verifier, state, nonce, redirectUri } = transaction
  requireIssuer(endpoint, answer)
  try {
    const parameters = oauth.validateAuthResponse(server, client, answer, state)
    const resource = resources[0]
    const additionalParameters = new URLSearchParams(resource === undefined ? {} : { resource })
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      authentication,
      parameters,
      redirectUri,
      verifier,
      { ...requestOptions(endpoint), additionalParameters },
    )
    const isOpenid = scope.split(' ').includes('openid')
    const expected = isOpenid ? { expectedNonce: nonce, requireIdToken: true } : {}
    return await oauth.processAuthorizationCodeResponse(server, client, response, expected)
  } catch (error) {
    throw refusedByServer(error, 'no tokens')
  }
}
