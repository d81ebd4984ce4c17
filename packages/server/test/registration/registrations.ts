import { lookupKey, seconds } from '@sallyport/protocol'
import type { Answer, TestClient, TestIssuer, TestIssuerOptions } from '@sallyport/testing'
import { newIssuer } from '../fixtures.ts'

export const redirectUri = 'https://tool.example/cb'

/** The least that a web application says about itself. */
export const plain = { client_name: 'A tool', redirect_uris: [redirectUri] }

type Sending = {
  readonly token?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  readonly remoteAddress?: string
  readonly body?: string | Uint8Array
}

/** An issuer that registers clients; anybody's, unless the options say otherwise. */
export const openIssuer = (
  registration: TestIssuerOptions['registration'] = {},
  more: Parameters<typeof newIssuer>[0] = {},
): Promise<TestIssuer> => newIssuer({ registration: { mode: 'open', perNetwork: 1000, ...registration }, ...more })

export const send = (
  issuer: TestIssuer,
  method: string,
  path: string,
  document: unknown,
  { token, headers, remoteAddress, body }: Sending = {},
): Promise<Answer> => {
  const text = body ?? JSON.stringify(document)
  const reads = method === 'GET' || method === 'DELETE'
  return issuer.send({
    method,
    path: issuer.basePath + path,
    headers: {
      ...(reads ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(reads ? {} : { body: typeof text === 'string' ? Buffer.from(text) : text }),
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
  })
}

export const register = (issuer: TestIssuer, document: unknown = plain, sending?: Sending): Promise<Answer> =>
  send(issuer, 'POST', '/oauth2/register', document, sending)

export const manage = (
  issuer: TestIssuer,
  method: 'GET' | 'PUT' | 'DELETE',
  id: unknown,
  token: unknown,
  document?: unknown,
): Promise<Answer> =>
  send(issuer, method, `/oauth2/register/${String(id)}`, document, {
    token: typeof token === 'string' ? token : undefined,
  })

/** Puts an initial access token into the store, as the command line does. */
export async function initialToken(
  issuer: TestIssuer,
  { uses = 1, lifetime = 3600, scope }: { uses?: number; lifetime?: number; scope?: readonly string[] } = {},
): Promise<string> {
  const token = issuer.random.handle()
  const now = issuer.clock.now()
  const expiresAt = seconds(now + lifetime)
  const id = issuer.random.id(9)
  await issuer.store.registrations.addToken(
    { id, digest: lookupKey(token), label: 'A team', uses, used: 0, scope, createdAt: now, expiresAt },
    [],
  )
  return token
}

/** A client that registered itself, for the drivers of flows. */
export async function asTestClient(issuer: TestIssuer, answer: Answer): Promise<TestClient> {
  const id = String(answer.json['client_id'])
  const record = await issuer.store.findClient(id)
  if (record === undefined) throw new Error(`there is no client ${id}: ${answer.text}`)
  const secret = answer.json['client_secret']
  return {
    id,
    record,
    secret: typeof secret === 'string' ? secret : undefined,
    method: record.authenticationMethod,
    redirectUri: record.redirectUris[0] ?? '',
  }
}

export const clientCount = async (issuer: TestIssuer): Promise<number> =>
  (await issuer.store.admin.listClients(undefined, 200)).items.filter(({ channel }) => channel === 'dynamic').length

/** Status and error code of an answer in JSON. */
export const outcome = ({ status, json }: Answer): string =>
  typeof json['error'] === 'string' ? `${status} ${json['error']}` : String(status)
