import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** A connection on which exactly the given bytes are sent. */
export type RawSocket = {
  readonly socket: Socket
  send(bytes: string | Uint8Array): void
  /** What came back so far. */
  received(): string
  /** Waits for the end of the connection; gives what came back and how long it took since it was opened. */
  end(): Promise<{ readonly text: string; readonly milliseconds: number }>
}

/** Opens a connection; `from` is one of this machine's own addresses. */
export async function openSocket(port: number, from = '127.0.0.1'): Promise<RawSocket> {
  const begun = performance.now()
  const socket = connect({ port, host: '127.0.0.1', localAddress: from })
  let text = ''
  let over = false
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
  socket.on('error', () => undefined)
  socket.on('close', () => {
    over = true
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  return {
    socket,
    send: (bytes) => void socket.write(bytes),
    received: () => text,
    end: async () => {
      while (!over) await pause(20)
      return { text, milliseconds: performance.now() - begun }
    },
  }
}

/** Sends bytes on a connection of their own and waits until the server closes it. */
export async function exchange(port: number, bytes: string | Uint8Array): Promise<string> {
  const raw = await openSocket(port)
  raw.send(bytes)
  return (await raw.end()).text
}

/** The status codes of all answers on a connection. */
export const statuses = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, code]) => Number(code))
