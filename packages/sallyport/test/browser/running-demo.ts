import { createServer, type AddressInfo } from 'node:net'
import { createScratch, startProcess } from '../cli.ts'

/** The development server with its demo, in a process and a folder of its own. */
export type RunningDemo = {
  /** The start page, without its closing slash. */
  readonly url: string
  readonly app: string
  readonly api: string
  /** Address of the MCP server. */
  readonly mcp: string
  readonly password: string
  readonly folder: string
  stop(): Promise<void>
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => {
        resolve(port)
      })
    })
  })

/** Starts `sallyport dev` and reads its addresses from the screen, as a person would. */
export async function startDemo(): Promise<RunningDemo> {
  const scratch = createScratch()
  const place = ['--store', `sqlite:${scratch.path('store.db')}`, '--data', scratch.folder]
  const ports = ['--port', String(await freePort()), '--management-port', String(await freePort())]
  const child = startProcess(['dev', ...place, ...ports])
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const screen = await new Promise<string>((resolve, reject) => {
    let text = ''
    const read = (chunk: Buffer): void => {
      text += chunk.toString()
      if (text.includes('Ctrl-C stops')) resolve(text)
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('close', () => {
      reject(new Error(`the development server ended:\n${text}`))
    })
  })
  const found = (pattern: RegExp): string => pattern.exec(screen)?.[1] ?? ''
  return {
    url: found(/Start here +(\S+)\/\n/),
    app: found(/Demo app +(\S+)\n/),
    api: found(/Demo API +(\S+)\n/),
    mcp: found(/Demo MCP server +(\S+)\n/),
    password: found(/with the password (\S+)/),
    folder: scratch.folder,
    stop: async () => {
      child.kill('SIGINT')
      await ended
      scratch.remove()
    },
  }
}
