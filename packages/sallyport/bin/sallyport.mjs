#!/usr/bin/env node
// Starts the command line on a Node that can run it. Syntax that Node 18 parses, because an old Node gets here first
// and has to be told so in words.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))

const atLeast = (major, minor) => {
  const [ours = 0, oursMinor = 0] = process.versions.node.split('.').map(Number)
  return ours > major || (ours === major && oursMinor >= minor)
}

const giveUp = (line) => {
  process.stderr.write(`sallyport: ${line}\n`)
  process.exit(78)
}

const condition = '@sallyport/source'
const source = here('../src/main.ts')
const fetched = here('../../../.runtime/bin/node')

/**
 * Keeps compiled code with the checkout or the package, where only those who may change the code itself can write. It is
 * switched on here, in plain JavaScript: a first TypeScript file would load the whole type stripper before there is a cache.
 */
const keepCompiledCode = (folder) => nodeModule.enableCompileCache(here(folder))

/**
 * Finds the module of an import of ours without asking the file system: a relative import names its file whole, and a package
 * of ours is one folder of this checkout, whoever imports it. Node's own way through it costs most of the time of a start.
 */
const quickResolve = () => {
  const packages = new Map()
  return (specifier, context, next) => {
    if (specifier.startsWith('node:')) return { url: specifier, format: 'builtin', shortCircuit: true }
    if (specifier.startsWith('.') && specifier.endsWith('.ts'))
      return { url: new URL(specifier, context.parentURL).href, format: 'module-typescript', shortCircuit: true }
    if (!specifier.startsWith('@sallyport/')) return next(specifier, context)
    const known = packages.get(specifier)
    if (known !== undefined) return known
    const { url, format } = next(specifier, { ...context, conditions: [...context.conditions, condition] })
    const found = { url, format, shortCircuit: true }
    packages.set(specifier, found)
    return found
  }
}

/** Runs the sources in this very process: what `--conditions` does at the start, done a moment later. */
const runHere = () => {
  keepCompiledCode('../../../.runtime/compile-cache')
  nodeModule.registerHooks({ resolve: quickResolve() })
  return import(new URL('../src/main.ts', import.meta.url).href)
}

/** Becomes the process of a newer Node, as far as the outside can tell: same signals, same exit code. */
const runThere = (node) => {
  const child = spawn(node, [`--conditions=${condition}`, fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => giveUp(`${node} could not be started: ${error.message}`))
  child.on('exit', (code, signal) => process.exit(code === null ? 128 + (constants.signals[signal] || 0) : code))
}

const version = process.versions.node
// A checkout runs its sources as they stand, which takes a Node that strips types; a package runs what was built.
if (existsSync(source)) {
  if (atLeast(22, 18)) await runHere()
  else if (existsSync(fetched)) runThere(fetched)
  else giveUp(`Node ${version} is older than 22.18 and this checkout has no other yet; run \`npm start\` once`)
} else if (atLeast(22, 12)) {
  keepCompiledCode('../.cache')
  await import(new URL('../dist/main.js', import.meta.url).href)
} else {
  giveUp(`Node ${version} is too old, 22.12 or newer is needed; try: npx -y -p node@24 -p sallyport sallyport`)
}
