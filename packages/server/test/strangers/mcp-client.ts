import { UnauthorizedError, type OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type {
  OAuthClientInformationMixed,
  OAuthClientMetadata,
  OAuthTokens,
} from '@modelcontextprotocol/sdk/shared/auth.js'

export const loopbackRedirect = 'http://127.0.0.1/callback'

/** What the application remembers, as the library hands it over. */
export type Remembered = {
  client: OAuthClientInformationMixed | undefined
  tokens: OAuthTokens | undefined
  verifier: string
  /** Address at which the person has to decide. */
  leadsTo: URL | undefined
  /** What the library gave up, in order. */
  readonly invalidated: string[]
}

export type Provider = OAuthClientProvider & { readonly remembered: Remembered }

const metadata: OAuthClientMetadata = {
  client_name: 'Desk assistant',
  redirect_uris: [loopbackRedirect],
  application_type: 'native',
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
} as OAuthClientMetadata

/** The application's side of the library: it keeps what it is given and opens no browser by itself. */
export function provider(clientMetadataUrl: string | undefined, known?: OAuthClientInformationMixed): Provider {
  const remembered: Remembered = {
    client: known,
    tokens: undefined,
    verifier: '',
    leadsTo: undefined,
    invalidated: [],
  }
  return {
    remembered,
    ...(clientMetadataUrl === undefined ? {} : { clientMetadataUrl }),
    redirectUrl: loopbackRedirect,
    clientMetadata: metadata,
    state: () => 'a state of the application',
    clientInformation: () => remembered.client,
    saveClientInformation: (client) => void (remembered.client = client),
    tokens: () => remembered.tokens,
    saveTokens: (tokens) => void (remembered.tokens = tokens),
    redirectToAuthorization: (url) => void (remembered.leadsTo = url),
    saveCodeVerifier: (verifier) => void (remembered.verifier = verifier),
    codeVerifier: () => remembered.verifier,
    invalidateCredentials: (scope) => {
      remembered.invalidated.push(scope)
      remembered.tokens = undefined
      if (scope === 'all' || scope === 'client') remembered.client = undefined
    },
  }
}

export type Sent = { readonly url: URL; readonly body: URLSearchParams; readonly json: string }

/** An application on the official library, connected to one server, with every request it made. */
export type Application = {
  readonly provider: Provider
  readonly sent: readonly Sent[]
  /** Runs a step until it succeeds, letting the person decide whenever the library asks for it; at most three times. */
  readonly persist: <T>(step: (client: Client) => Promise<T>) => Promise<T>
  readonly call: (tool: string) => Promise<string>
  readonly close: () => Promise<void>
}

/** Lets the person decide at an address and gives the parameters that came back to the application. */
export type Person = (address: URL) => Promise<URLSearchParams>

export function application(server: URL, own: Provider, person: Person): Application {
  const sent: Sent[] = []
  const recording: typeof fetch = (input, init) => {
    const body = init?.body
    sent.push({
      url: new URL(input instanceof Request ? input.url : input),
      body: body instanceof URLSearchParams ? body : new URLSearchParams(),
      json: typeof body === 'string' ? body : '',
    })
    return fetch(input, init)
  }
  let client: Client | undefined
  let transport: StreamableHTTPClientTransport | undefined

  const connected = async (): Promise<Client> => {
    if (client !== undefined) return client
    transport = new StreamableHTTPClientTransport(server, { authProvider: own, fetch: recording })
    const next = new Client({ name: 'desk-assistant', version: '1.0.0' })
    await next.connect(transport)
    return (client = next)
  }

  const decide = async (): Promise<void> => {
    const address = own.remembered.leadsTo
    if (address === undefined) throw new Error('the library asks for no decision')
    own.remembered.leadsTo = undefined
    const answer = await person(address)
    if (answer.has('error')) throw new Error(`refused: ${answer.toString()}`)
    await transport?.finishAuth(answer.get('code') ?? '')
  }

  const persist: Application['persist'] = async (step) => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await step(await connected())
      } catch (error) {
        if (!(error instanceof UnauthorizedError) || attempt === 3) throw error
        await decide()
      }
    }
  }

  return {
    provider: own,
    sent,
    persist,
    call: (tool) =>
      persist(async (one) => {
        const { content } = (await one.callTool({ name: tool })) as { content: { text: string }[] }
        return content.map(({ text }) => text).join()
      }),
    close: async () => client?.close(),
  }
}
