#!/usr/bin/env node
// Starts the command line on a Node that can run it. Syntax that Node 18 parses, because an old Node gets here first
// and has to be told so in words.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const newerThan = (wanted) => {
  const [major, minor] = process.versions.node.split('.').map(Number)
  return major > wanted[0] || (major === wanted[0] && minor >= wanted[1])
}
const giveUp = (line) => {
  process.stderr.write(`sallyport: ${line}\n`)
  process.exit(78)
}

const source = here('../src/main.ts')
const fetched = here('../../../.runtime/bin/node')

if (existsSync(source)) {
  // A checkout runs its sources as they stand; that takes a Node that strips types.
  const node = newerThan([22, 18]) ? process.execPath : fetched
  if (node === fetched && !existsSync(fetched)) giveUp('this checkout has no Node of its own yet; run `npm start` once')
  const args = ['--conditions=@sallyport/source', source, ...process.argv.slice(2)]
  const child = spawn(node, args, { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => giveUp(`${node} could not be started: ${error.message}`))
  child.on('exit', (code, signal) => process.exit(code === null ? 128 + (constants.signals[signal] || 0) : code))
} else if (newerThan([22, 12])) {
  await import('../dist/main.js')
} else {
  giveUp(
    `Node ${process.versions.node} is too old, 22.12 or newer is needed; try: npx -y -p node@24 -p sallyport sallyport`,
  )
}
