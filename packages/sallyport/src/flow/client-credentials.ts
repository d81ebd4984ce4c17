import * as oauth from 'oauth4webapi'
import { refusedByServer, requestOptions, type Endpoint } from './discover.ts'

/** Asks for a token of the client itself. */
export async function runClientCredentials(
  endpoint: Endpoint,
  scope: string | undefined,
  resources: readonly string[],
): Promise<oauth.TokenEndpointResponse> {
  const { server, client, authentication } = endpoint
  const parameters = new URLSearchParams(scope === undefined ? {} : { scope })
  for (const resource of resources) parameters.append('resource', resource)
  const options = requestOptions(endpoint)
  try {
    const response = await oauth.clientCredentialsGrantRequest(server, client, authentication, parameters, options)
    return await oauth.processClientCredentialsResponse(server, client, response)
  } catch (error) {
    throw refusedByServer(error, 'no token')
  }
}
