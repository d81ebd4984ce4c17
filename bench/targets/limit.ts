// The limit: a server that does only what no server can leave out (HTTP, comparing the secret, hashing, PKCE, consuming
// once, signatures, one fsync shared by the writes of a turn) and lacks everything else that makes one fit for use.
// Arguments: port, database file, clients as JSON.
import { timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { benchApiScope, type BenchClient } from '../deployment.ts'
import { groupWrites, openDurable } from '../sqlite-file.ts'
import { prepareLimitStore, type Ticket } from './limit-store.ts'
import {
  accessToken,
  digest,
  idToken,
  keyOf,
  publicJwks,
  randomHandle,
  readAccessToken,
  timedHandle,
} from './limit-tokens.ts'

const [port = '', file = '', clientsJson = ''] = process.argv.slice(2)
const issuer = `http://127.0.0.1:${port}`
const db = openDurable(file)
const store = prepareLimitStore(db)
const write = groupWrites(db)

const known = Object.values(JSON.parse(clientsJson) as Record<string, BenchClient>)
const secrets = new Map(known.map((client) => [client.id, digest(client.secret)]))
const sessions = new Map<string, string>()
const now = (): number => Math.floor(Date.now() / 1000)

const metadata = JSON.stringify({
  issuer,
  authorization_endpoint: `${issuer}/oauth2/authorize`,
  token_endpoint: `${issuer}/oauth2/token`,
  introspection_endpoint: `${issuer}/oauth2/introspect`,
  jwks_uri: `${issuer}/oauth2/jwks`,
})

const json = (res: ServerResponse, status: number, body: string): void => {
  res.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'content-length': body.length,
  })
  res.end(body)
}

const refuse = (res: ServerResponse, error: string): void => json(res, 400, JSON.stringify({ error }))

function authenticate(req: IncomingMessage): string | undefined {
  const pair = Buffer.from((req.headers.authorization ?? '').slice(6), 'base64').toString()
  const colon = pair.indexOf(':')
  const id = decodeURIComponent(pair.slice(0, colon))
  const secret = secrets.get(id)
  return secret !== undefined && timingSafeEqual(secret, digest(decodeURIComponent(pair.slice(colon + 1))))
    ? id
    : undefined
}

async function authorize(req: IncomingMessage, res: ServerResponse, query: URLSearchParams): Promise<void> {
  const cookie = (req.headers.cookie ?? '').slice('limit='.length)
  const session = sessions.get(cookie) ?? randomHandle()
  if (cookie === '') sessions.set(session, session)
  const code = timedHandle()
  const parameter = (name: string): string => query.get(name) ?? ''
  const [client, nonce, challenge] = [parameter('client_id'), parameter('nonce'), parameter('code_challenge')]
  await write(() => store.code.insert.run(keyOf(code), session, client, nonce, challenge, now() + 60))
  const location = `${parameter('redirect_uri')}?code=${code}&state=${parameter('state')}&iss=${encodeURIComponent(issuer)}`
  const headers = { location, 'content-length': 0 }
  res.writeHead(303, cookie === '' ? { ...headers, 'set-cookie': `limit=${session}; Path=/; HttpOnly` } : headers)
  res.end()
}

/** Consumes a code or refresh token and writes its successor in one transaction; answers only when both are durable. */
async function exchange(
  res: ServerResponse,
  ticket: Ticket,
  consume: () => number,
  nonce: string | undefined,
): Promise<void> {
  const access = accessToken(issuer, ticket.client, 'person', ticket.family)
  const id = idToken(issuer, ticket.client, 'person', nonce, access)
  const next = timedHandle()
  let won = false
  await write(() => {
    won = consume() === 1
    if (won) store.refresh.insert.run(keyOf(next), ticket.family, ticket.client, ticket.nonce, '', now() + 86400)
  })
  if (!won) return refuse(res, 'invalid_grant')
  const common = { access_token: access, token_type: 'Bearer', expires_in: 300, scope: benchApiScope }
  json(res, 200, JSON.stringify({ ...common, refresh_token: next, id_token: id }))
}

function token(client: string, res: ServerResponse, form: URLSearchParams): Promise<void> | void {
  const grantType = form.get('grant_type')
  if (grantType === 'client_credentials') {
    const access_token = accessToken(issuer, client, client, undefined)
    return json(res, 200, JSON.stringify({ access_token, token_type: 'Bearer', expires_in: 300, scope: benchApiScope }))
  }
  const isCode = grantType === 'authorization_code'
  const key = keyOf(form.get(isCode ? 'code' : 'refresh_token') ?? '')
  const table = isCode ? store.code : store.refresh
  const ticket = table.find.get(key)
  if (ticket === undefined || ticket.client !== client || ticket.expires <= now()) return refuse(res, 'invalid_grant')
  const proof = isCode ? digest(form.get('code_verifier') ?? '').toString('base64url') : ''
  if (proof !== ticket.challenge) return refuse(res, 'invalid_grant')
  return exchange(res, ticket, () => table.consume.run(key).changes, isCode ? ticket.nonce : undefined)
}

function introspect(client: string, res: ServerResponse, form: URLSearchParams): void {
  const text = form.get('token') ?? ''
  if (form.get('token_type_hint') === 'refresh_token') {
    const ticket = store.refresh.find.get(keyOf(text))
    const active = ticket !== undefined && ticket.expires > now()
    return json(
      res,
      200,
      JSON.stringify(active ? { active, client_id: client, sub: 'person', exp: ticket.expires } : { active }),
    )
  }
  const claims = readAccessToken(text)
  const active = claims !== undefined && claims.exp > now() && sessions.has(claims.sid ?? '')
  json(res, 200, JSON.stringify(active ? { active, ...claims } : { active }))
}

function post(req: IncomingMessage, res: ServerResponse): void {
  let body = ''
  req.setEncoding('latin1')
  req.on('data', (chunk: string) => (body += chunk))
  req.on('end', () => {
    const client = authenticate(req)
    if (client === undefined) return json(res, 401, '{"error":"invalid_client"}')
    const form = new URLSearchParams(body)
    if (req.url === '/oauth2/introspect') return introspect(client, res, form)
    void token(client, res, form)
  })
}

createServer((req, res) => {
  if (req.method === 'POST') return post(req, res)
  const [path, query = ''] = (req.url ?? '').split('?')
  if (path === '/oauth2/authorize') return void authorize(req, res, new URLSearchParams(query))
  if (path === '/oauth2/jwks') return json(res, 200, publicJwks)
  return json(res, 200, metadata)
}).listen(Number(port), '127.0.0.1')
