import { spawn } from 'node:child_process'

const openers: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['open'],
  linux: ['xdg-open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
}

/** Asks the desktop to open an address; the address was printed before, so nothing depends on it. */
export function openBrowser(address: string): void {
  const [program, ...before] = openers[process.platform] ?? []
  if (program === undefined) return
  const child = spawn(program, [...before, address], { stdio: 'ignore', detached: true })
  child.on('error', () => undefined)
  child.unref()
}
