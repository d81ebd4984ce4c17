import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { demoClientNames, type DemoClientName, type RequestKey } from './demo.ts'

/** What the file keeps from one start to the next; the store has only digests of it. */
export type DemoRecord = {
  readonly username: string
  readonly password: string
  /** `undefined` in a file of a release that had none. */
  readonly requestKey: RequestKey | undefined
  /** What the authenticator of the demo person makes its codes from, in base64url; `undefined` in a file of a release that had none. */
  readonly authenticator: string | undefined
  readonly clients: Readonly<
    Partial<Record<DemoClientName, { readonly id: string; readonly secret?: string | undefined }>>
  >
}

const text = (value: unknown): value is string => typeof value === 'string' && value !== ''

const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}

function clientsOf(value: unknown): DemoRecord['clients'] {
  const clients: Partial<Record<DemoClientName, { id: string; secret?: string | undefined }>> = {}
  for (const name of demoClientNames) {
    const { id, secret } = record(record(value)[name])
    if (text(id)) clients[name] = text(secret) ? { id, secret } : { id }
  }
  return clients
}

function requestKeyOf(value: unknown): RequestKey | undefined {
  const { kty, crv, x, y, d } = record(value)
  return text(kty) && text(crv) && text(x) && text(y) && text(d) ? { kty, crv, x, y, d } : undefined
}

/** Reads the file of the demo; `undefined` when there is none, or it cannot be used and everything is made anew. */
export function readDemoRecord(file: string): DemoRecord | undefined {
  if (!existsSync(file)) return undefined
  try {
    const { username, password, clients, requestKey, authenticator } = record(JSON.parse(readFileSync(file, 'utf8')))
    return text(username) && text(password)
      ? {
          username,
          password,
          clients: clientsOf(clients),
          requestKey: requestKeyOf(requestKey),
          authenticator: text(authenticator) ? authenticator : undefined,
        }
      : undefined
  } catch {
    return undefined
  }
}

/** Writes the file as a whole, readable for its owner only. */
export function writeDemoRecord(file: string, demo: DemoRecord): void {
  const staging = `${file}.new`
  writeFileSync(staging, `${JSON.stringify(demo, null, 2)}\n`, { mode: 0o600 })
  renameSync(staging, file)
}
