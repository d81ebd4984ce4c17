import { usage } from './failure.ts'
import type { Terminal } from './terminal.ts'

const maxBytes = 64 * 1024

/**
 * A secret from standard input, or typed without being shown. Never from an argument: the list of processes is public.
 * One line break at its end is not part of it.
 */
export async function readSecret(terminal: Terminal, fromStdin: boolean, what: string): Promise<string> {
  if (fromStdin) return readStdin(what)
  if (!terminal.interactive) throw usage(`the ${what} comes from standard input; add --${what}-stdin`)
  process.stderr.write(`${what}: `)
  const typed = await readHidden()
  process.stderr.write('\n')
  if (typed === '') throw usage(`no ${what} was typed`)
  return typed
}

async function readStdin(what: string): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxBytes) throw usage(`the ${what} on standard input is longer than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  const text = Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '')
  if (text === '') throw usage(`standard input holds no ${what}`)
  return text
}

/** One typed line, not shown. */
function readHidden(): Promise<string> {
  const { stdin } = process
  return new Promise((resolve, reject) => {
    let typed = ''
    const finish = (end: () => void): void => {
      stdin.setRawMode(false)
      stdin.pause()
      stdin.removeListener('data', onData)
      end()
    }
    const onData = (chunk: Buffer): void => {
      for (const letter of chunk.toString('utf8')) {
        if (letter === '\r' || letter === '\n') return finish(() => resolve(typed))
        if (letter === '\u0003') return finish(() => reject(usage('interrupted')))
        typed = letter === '\u007f' ? typed.slice(0, -1) : typed + letter
      }
    }
    stdin.setRawMode(true)
    stdin.resume()
    stdin.on('data', onData)
  })
}
