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
  readonly open: boolean
  /** Seconds to wait for the browser. */
  readonly timeout: number
  readonly say: (line: string) => void
}

/** Runs the code flow as an application on this machine: a fresh verifier, state, nonce, and every check of the answer. */
export async function runCodeFlow(endpoint: Endpoint, options: CodeFlowOptions): Promise<oauth.TokenEndpointResponse> {
  requireS256(endpoint)
  const callback = await waitForCallback(options.redirectUri)
  try {
    const verifier = oauth.generateRandomCodeVerifier()
    const state = oauth.generateRandomState()
    const nonce = oauth.generateRandomNonce()
    const address = await authorizationUrl(endpoint, options, {
      verifier,
      state,
      nonce,
      redirectUri: callback.redirectUri,
    })
    options.say(`Open this address in a browser:\n\n  ${address}\n`)
    if (options.open) openBrowser(address)
    const answer = await callback.answer(options.timeout)
    return await redeem(endpoint, options, { answer, verifier, state, nonce, redirectUri: callback.redirectUri })
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

async function authorizationUrl(
  { server, client }: Endpoint,
  { scope, resources }: CodeFlowOptions,
  { verifier, state, nonce, redirectUri }: Transaction,
): Promise<string> {
  const url = new URL(server.authorization_endpoint ?? '')
  const parameters = {
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: redirectUri,
    scope,
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  for (const resource of resources) url.searchParams.append('resource', resource)
  return url.href
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
