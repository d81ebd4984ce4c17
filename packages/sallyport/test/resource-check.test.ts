import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createScratch, prepare, type Installation } from './cli.ts'

const scratch = createScratch()
const documents = new Map<string, object>()
let server: Server
let origin = ''
let place: Installation

const orders = () => `${origin}/orders`
const documentPath = '/.well-known/oauth-protected-resource/orders'
const metadataPath = '/.well-known/oauth-authorization-server'

beforeAll(async () => {
  server = createServer((request, response) => {
    const document = documents.get(request.url ?? '')
    response.writeHead(document === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(document ?? {}))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  place = await prepare(scratch.path('check'), origin)
  await place.json(['resource', 'create', orders(), '--name', 'Orders', '--scope', 'orders.read=See your orders'])
}, 60_000)

afterAll(() => {
  server.close().closeAllConnections()
  scratch.remove()
})

/** Both sides as they should be, with a change. */
function say({ api = {}, issuer = {} }: { readonly api?: object; readonly issuer?: object } = {}): void {
  documents.set(documentPath, {
    ...{ resource: orders(), authorization_servers: [origin], scopes_supported: ['orders.read'] },
    ...api,
  })
  documents.set(metadataPath, { issuer: origin, protected_resources: [origin, orders()], ...issuer })
}

it('A-PRM-07 both sides name each other: exit code 0', async () => {
  say()
  const { code, stdout } = await place.run(['resource', 'check'])
  expect([code, stdout]).toEqual([0, expect.stringContaining('both sides name each other')])
})

it.for<[string, () => void, string]>([
  [
    'an API that names another server',
    () => say({ api: { authorization_servers: ['https://x.test'] } }),
    'does not name',
  ],
  ['an API that names none', () => say({ api: { authorization_servers: undefined } }), 'does not name'],
  ['a server that does not list it', () => say({ issuer: { protected_resources: [origin] } }), 'does not list it'],
  ['a document of another resource', () => say({ api: { resource: origin } }), 'it describes'],
  ['scopes that nobody can get', () => say({ api: { scopes_supported: ['orders.write'] } }), 'orders.write'],
  ['no document', () => void (say(), documents.delete(documentPath)), 'answers 404'],
  ['another issuer at this address', () => say({ issuer: { issuer: 'https://x.test' } }), 'for another issuer'],
])('A-PRM-07 %s: exit code 3', async ([, change, message]) => {
  change()
  const { code, stdout } = await place.run(['resource', 'check', orders()])
  expect([code, stdout]).toEqual([3, expect.stringContaining(message)])
})

it('A-PRM-07 an API that is not registered: exit code 6', async () => {
  expect((await place.run(['resource', 'check', 'https://none.example'])).code).toBe(6)
})
