import * as oauth from 'oauth4webapi'
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
    callback.close()
  }
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
