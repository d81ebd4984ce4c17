import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { People } from '@sallyport/accounts'
import type { HttpRequest, HttpResponse, Route, SecurityEvent, Server, Store, Vault } from '@sallyport/server'

/** What the demonstration works with; the same object from seeding to the end. */
export type DemoState = {
  readonly issuer: string
  /** Origin of the public listener, without a slash at its end. */
  readonly publicUrl: string
  readonly store: Store
  readonly people: People
  /** Seals secrets of people, with the keys that the server will open them with. */
  readonly vault: Vault
  readonly dataDir: string
  /** Set before the first request is answered. */
  server: Server | undefined
  log(line: string): void
  /** Tells every security event from now on, until the returned function is called. */
  onEvent(listener: (event: SecurityEvent) => void): () => void
  /** Told every request to the issuer with its answer; set by the demo. */
  observe: ((request: HttpRequest, response: HttpResponse) => void) | undefined
}

/** One line of the screen that `dev` prints. */
export type DemoAddress = {
  readonly label: string
  readonly url: string
  /** Port it has unless somebody else has it already. */
  readonly wantedPort?: number
}

export type DemoApps = { readonly addresses: readonly DemoAddress[]; close(): Promise<void> }

/** Ports of the demo app, its API and its MCP server. None of them is taken by another listener that has to move. */
export const demoPorts = [7640, 7641, 7643] as const

/** What `demo/index.ts` exports. */
export type Demo = {
  /** Makes the demo person, clients and resources, or finds them again. Gives lines to print, such as how to sign in. */
  seedDemo(state: DemoState): Promise<readonly string[]>
  /** Pages of the public listener. */
  demoRoutes(state: DemoState): readonly Route[]
  /** Starts the applications on ports from 7640. */
  startDemoApps(state: DemoState): Promise<DemoApps>
}

/** The demonstration, where this installation has one. */
export async function loadDemo(): Promise<Demo | undefined> {
  for (const name of ['./demo/index.ts', './demo/index.js']) {
    const url = new URL(name, import.meta.url)
    if (existsSync(fileURLToPath(url))) return (await import(url.href)) as Demo
  }
  return undefined
}
