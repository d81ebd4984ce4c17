import type { HttpRequest, HttpResponse, Server } from '@sallyport/server'
import { answerOf, type Answer } from './answer.ts'
import type { IssuerCore } from './issuer-core.ts'
import { encodeParameters, type Parameters } from './parameters.ts'
import { credentialsOf, type TestClient } from './test-client.ts'

/** How a back-channel request departs from what the client would send. */
export type RequestOptions = {
  /** A secret that stands in for the client's own. */
  readonly secret?: string | undefined
  readonly headers?: HttpRequest['headers'] | undefined
  readonly remoteAddress?: string | undefined
  /** The certificate of the connection. */
  readonly certificate?: HttpRequest['certificate']
  /** Another node of the issuer. */
  readonly node?: Server | undefined
}

/** Requests without a browser. Paths are those below the issuer, such as `/oauth2/token`. */
export type BackChannel = {
  /** Sends a record as it is. */
  readonly send: (request: Partial<HttpRequest> & { readonly path: string }, node?: Server) => Promise<Answer>
  readonly get: (path: string, headers?: HttpRequest['headers']) => Promise<Answer>
  /** A form post with nobody's credentials but those in the parameters. */
  readonly post: (path: string, parameters: Parameters, options?: RequestOptions) => Promise<Answer>
  /** A token request with the client's credentials. */
  readonly token: (client: TestClient, parameters: Parameters, options?: RequestOptions) => Promise<Answer>
  /** Pushes an authorization request with the client's credentials (RFC 9126). */
  readonly push: (client: TestClient, parameters: Parameters, options?: RequestOptions) => Promise<Answer>
  readonly introspect: (
    client: TestClient,
    token: string,
    options?: RequestOptions & { hint?: string },
  ) => Promise<Answer>
  readonly revoke: (client: TestClient, token: string, options?: RequestOptions & { hint?: string }) => Promise<Answer>
  readonly userinfo: (
    accessToken: string,
    headers?: HttpRequest['headers'],
    certificate?: HttpRequest['certificate'],
  ) => Promise<Answer>
}

/** Address of the machine that clients call from. */
export const clientAddress = '198.51.100.20'

export function backChannel({ basePath, handle }: Pick<IssuerCore, 'basePath' | 'handle'>): BackChannel {
  const send: BackChannel['send'] = async (request, node) => {
    const complete: HttpRequest = {
      method: 'GET',
      query: '',
      headers: {},
      body: undefined,
      remoteAddress: clientAddress,
      ...request,
    }
    const response: HttpResponse = await (node === undefined ? handle(complete) : node.handle(complete))
    return answerOf(response)
  }
  const post: BackChannel['post'] = (path, parameters, { headers = {}, remoteAddress, certificate, node } = {}) =>
    send(
      {
        method: 'POST',
        path: basePath + path,
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body: Buffer.from(encodeParameters(parameters)),
        remoteAddress: remoteAddress ?? clientAddress,
        certificate,
      },
      node,
    )
  const asClient =
    (path: string) =>
    (client: TestClient, parameters: Parameters, options: RequestOptions = {}): Promise<Answer> => {
      const credentials = credentialsOf(client, options.secret)
      const headers = { ...credentials.headers, ...options.headers }
      return post(path, { ...credentials.parameters, ...parameters }, { ...options, headers })
    }
  const introspect = asClient('/oauth2/introspect')
  const revoke = asClient('/oauth2/revoke')
  return {
    send,
    get: (path, headers = {}) => {
      const mark = path.indexOf('?')
      const query = mark === -1 ? '' : path.slice(mark + 1)
      return send({ path: basePath + (mark === -1 ? path : path.slice(0, mark)), query, headers })
    },
    post,
    token: asClient('/oauth2/token'),
    push: asClient('/oauth2/par'),
    introspect: (client, token, options) => introspect(client, { token, token_type_hint: options?.hint }, options),
    revoke: (client, token, options) => revoke(client, { token, token_type_hint: options?.hint }, options),
    userinfo: (accessToken, headers = {}, certificate = undefined) =>
      send({
        path: `${basePath}/oauth2/userinfo`,
        headers: { authorization: `Bearer ${accessToken}`, ...headers },
        certificate,
      }),
  }
}
