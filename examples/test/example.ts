import type { Server } from 'node:http'
import type { BrowserContext, Page } from 'playwright-core'
import { launchBrowser } from '../../scripts/browser.ts'
import { startApi } from './api.ts'
import { freePort, startSallyport, type Sallyport } from './sallyport.ts'

/** Everything an example needs around it: the daemon, an API, and a browser. */
export type Surroundings = {
  readonly sallyport: Sallyport
  readonly api: string
  readonly origin: string
  /** A browser that nobody used before. */
  open(): Promise<{ readonly page: Page; readonly context: BrowserContext }>
  close(): Promise<void>
}

export async function surround(): Promise<Surroundings> {
  const apiPort = await freePort()
  const api = `http://localhost:${apiPort}`
  const origin = `http://localhost:${await freePort()}`
  const [sallyport, browser] = await Promise.all([startSallyport(api), launchBrowser()])
  const server = await startApi(apiPort, () => sallyport.issuer)
  return {
    sallyport,
    api,
    origin,
    open: async () => {
      const context = await browser.newContext()
      return { context, page: await context.newPage() }
    },
    close: async () => {
      await browser.close()
      await closed(server)
      await sallyport.close()
    },
  }
}

export const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => {
      resolve()
    })
    server.closeAllConnections()
  })
