import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  benchApiScope,
  benchOpaqueResource,
  benchRedirectUri,
  benchResource,
  benchScope,
  type BenchClient,
  type Deployment,
} from '../deployment.ts'
import { newSigningKey } from './signing-key.ts'
import type { Provisioned, Target } from './target.ts'

const entry = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

const randomSecret = (): string => randomBytes(32).toString('base64url')

const newClient = (id: string): BenchClient => ({ id, secret: randomSecret() })

function deployment(port: number, introspectionResource: string): Deployment {
  return {
    issuer: `http://127.0.0.1:${port}`,
    app: newClient('bench-app'),
    service: newClient('bench-service'),
    bank: undefined,
    redirectUri: benchRedirectUri,
    scope: benchScope,
    apiScope: benchApiScope,
    resource: benchResource,
    introspectionResource,
    person: { username: 'bench', password: 'not checked by this server' },
  }
}

async function provisionOidcProvider(store: string, folder: string, port: number): Promise<Provisioned> {
  const bank = { id: 'bench-bank', privateKey: newSigningKey() }
  const described = { ...deployment(port, benchOpaqueResource), bank }
  const clients = { app: described.app, service: described.service, bank, cookieKey: randomSecret() }
  const file = join(folder, 'oidc-provider.sqlite')
  const args = [entry('./oidc-provider.ts'), String(port), store, file, JSON.stringify(clients)]
  return { command: [process.execPath, ...args], deployment: described }
}

async function provisionLimit(folder: string, port: number): Promise<Provisioned> {
  const described = deployment(port, benchResource)
  const clients = JSON.stringify({ app: described.app, service: described.service })
  const args = [entry('./limit.ts'), String(port), join(folder, 'limit.sqlite'), clients]
  return { command: [process.execPath, ...args], deployment: described }
}

const oidcTarget = (name: Target['name'], label: string, store: string): Target => ({
  name,
  label,
  missing: () => undefined,
  provision: (folder, port) => provisionOidcProvider(store, folder, port),
})

/** The servers Sallyport is measured beside. */
export const rivals: readonly Target[] = [
  oidcTarget('oidc-provider', 'oidc-provider, SQLite', 'sqlite'),
  oidcTarget('oidc-provider-grouped', 'oidc-provider, SQLite, shared commits', 'sqlite-grouped'),
  oidcTarget('oidc-provider-memory', 'oidc-provider, in memory', 'memory'),
  { name: 'limit', label: 'limit (stripped server)', missing: () => undefined, provision: provisionLimit },
]
