import * as oauth from 'oauth4webapi'
import { CommandFailure, exitCode } from '../failure.ts'

/** A server as one client sees it. */
export type Endpoint = {
  readonly server: oauth.AuthorizationServer
  readonly client: oauth.Client
  readonly authentication: oauth.ClientAuth
  /** Whether plain http may be spoken: only with this very machine. */
  readonly plain: boolean
}

const loopback = /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(?::\d+)?(?:\/|$)/

export const requestOptions = ({ plain }: Pick<Endpoint, 'plain'>) => ({
  [oauth.allowInsecureRequests]: plain,
  signal: () => AbortSignal.timeout(10_000),
})

/** Reads the metadata of the server. Unreachable is exit code 5. */
export async function discover(issuer: string, clientId: string, authentication: oauth.ClientAuth): Promise<Endpoint> {
  const plain = loopback.test(issuer)
  const url = new URL(issuer)
  try {
    const response = await oauth.discoveryRequest(url, { ...requestOptions({ plain }), algorithm: 'oidc' })
    const server = await oauth.processDiscoveryResponse(url, response)
    return { server, client: { client_id: clientId }, authentication, plain }
  } catch (error) {
    const cause = error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : ''
    throw new CommandFailure(exitCode.unreachable, `${issuer} does not answer as an issuer: ${cause}`)
  }
}

/** What a refusal of the server means in words; exit code 4. */
export function refusedByServer(error: unknown, during: string): CommandFailure {
  if (error instanceof oauth.ResponseBodyError || error instanceof oauth.AuthorizationResponseError) {
    const uri = error instanceof oauth.ResponseBodyError ? error.cause['error_uri'] : error.cause.get('error_uri')
    const help = typeof uri === 'string' ? [`see ${uri}`] : []
    return new CommandFailure(
      exitCode.unauthorised,
      `${during}: ${error.error}: ${error.error_description ?? ''}`,
      help,
    )
  }
  if (error instanceof oauth.WWWAuthenticateChallengeError)
    return new CommandFailure(exitCode.unauthorised, `${during}: client authentication failed`, [
      'check --client-id and the secret or key; sallyport explain tells the operator what was wrong with it',
    ])
  const message = error instanceof Error ? error.message : String(error)
  return new CommandFailure(exitCode.failed, `${during}: ${message}`)
}
