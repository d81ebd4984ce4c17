// The process of oidc-provider. Arguments: port, store (sqlite, sqlite-grouped or memory), database file, clients as JSON.
import { createServer } from 'node:http'
import Provider, { type AdapterFactory } from 'oidc-provider'
import { groupWrites, openDurable, writeAlone } from '../sqlite-file.ts'
import { interact } from './oidc-interaction.ts'
import { oidcConfiguration, type OidcClients } from './oidc-configuration.ts'
import { memoryAdapters } from './oidc-memory-adapter.ts'
import { sqliteAdapters } from './oidc-sqlite-adapter.ts'

const [port = '', store = '', file = '', clients = ''] = process.argv.slice(2)

function chooseAdapters(): AdapterFactory {
  if (store === 'memory') return memoryAdapters()
  const db = openDurable(file)
  return sqliteAdapters(db, store === 'sqlite-grouped' ? groupWrites(db) : writeAlone)
}

const provider = new Provider(
  `http://127.0.0.1:${port}`,
  oidcConfiguration(chooseAdapters(), JSON.parse(clients) as OidcClients),
)
provider.on('server_error', (_ctx, error) => console.error(error))
const handle = provider.callback()
createServer((req, res) => {
  if (!req.url?.startsWith('/interaction/')) return void handle(req, res)
  interact(provider, req, res).catch((error: unknown) => {
    console.error(error)
    res.writeHead(500).end()
  })
}).listen(Number(port), '127.0.0.1')
