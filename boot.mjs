// Starts every command of this checkout on a bare machine: chooses the Node that runs it, installs what that command
// needs and hands over. Built-in modules only, and syntax that Node 18 parses, because this file runs before anything else.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(fileURLToPath(import.meta.url))
const runtimeDir = join(root, '.runtime')
const lockFile = join(root, 'package-lock.json')
const modules = join(root, 'node_modules')
const stampFile = join(modules, '.sallyport-install.json')

const oldestNode = [22, 18]
const pinnedNode = '24.21.0'
const unusable = 78

const commands = {
  dev: { entry: 'packages/sallyport/bin/sallyport.mjs', args: ['dev'], dev: false },
  test: { entry: 'scripts/test-all.ts', args: [], dev: true },
  check: { entry: 'scripts/check.ts', args: [], dev: true },
  bench: { entry: 'bench/main.ts', args: [], dev: true },
  build: { entry: 'scripts/build.ts', args: [], dev: true },
}

class BootFailure extends Error {
  constructor(message, code = 1) {
    super(message)
    this.code = code
  }
}

const say = (line) => process.stderr.write(`${line}\n`)

const newEnough = (version) => {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])
}

const readJson = (file) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

/** The program that runs now, and the signal that asked this one to stop. */
let running
let stoppedBy

/** Passes every request to stop on to what runs now; this program ends when that one has ended. */
function passSignalsOn() {
  const stop = (signal) => {
    stoppedBy = signal
    if (running) running.kill(signal)
    else process.exit(exitCodeOf(signal))
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(signal))
  // Killing npm leaves the program that its shell started; it notices by its parent.
  const parent = process.ppid
  const watch = () => process.ppid !== parent && stop('SIGTERM')
  if (process.env.npm_lifecycle_event) setInterval(watch, 250).unref()
}

const exitCodeOf = (signal) => 128 + (constants.signals[signal] || 0)

/** Runs a program to its end; resolves its exit code and what it wrote. */
const run = (command, args, options = {}) =>
  new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
    running = child
    if (options.started) options.started(child.pid)
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    child.on('error', (error) => resolve({ code: 127, output: String(error.message) }))
    child.on('close', (code) => {
      running = undefined
      resolve({ code: code === null ? 1 : code, output })
    })
  })

/** Runs the host's npm on the host's Node, because its certificates and registry are configured beside that one. */
const npm = (args, cwd, started) => {
  const env = { ...process.env }
  // Settings of an outer `npm start` or `npm test` describe that call, not this one.
  for (const name of Object.keys(env))
    if (/^npm_(?!config_(registry|cache|proxy|https_proxy|cafile)$)/i.test(name)) delete env[name]
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--no-progress']
  return run(process.platform === 'win32' ? 'npm.cmd' : 'npm', [...args, ...flags], { cwd, env, started })
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

const isRunning = (pid) => {
  try {
    process.kill(pid, 0)
    // In a container without an init process, what has ended stays in the process table as a zombie.
    return !/^\d+ \(.*\) Z/s.test(readText(`/proc/${pid}/stat`))
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** Two boots may start at once; only one of them may write node_modules or .runtime. */
async function withBootLock(work) {
  mkdirSync(runtimeDir, { recursive: true })
  const file = join(runtimeDir, 'boot.lock')
  for (let waited = 0; ; waited += 1) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' })
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    const holder = Number(readText(file))
    const abandoned = ageOf(file) > 30_000 || (holder > 0 && !isRunning(holder))
    if (abandoned) rmSync(file, { force: true })
    else {
      if (waited === 0) say('sallyport: another start of this checkout is installing; waiting for it')
      await pause(200)
    }
  }
  const release = () => rmSync(file, { force: true })
  const alive = setInterval(() => utimesSync(file, new Date(), new Date()), 1000)
  process.once('exit', release)
  try {
    return await work()
  } finally {
    clearInterval(alive)
    release()
    process.removeListener('exit', release)
  }
}

const readText = (file) => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

const ageOf = (file) => {
  try {
    return Date.now() - statSync(file).mtimeMs
  } catch {
    return 0
  }
}

const noRuntime = (why) =>
  new BootFailure(
    `sallyport: Node ${process.versions.node} is older than ${oldestNode.join('.')} and ${why}; ` +
      'install Node 24 from your distribution or nodejs.org and run this command again.',
    unusable,
  )

/** The path of a Node that can run TypeScript: the host's own, or the pinned one, fetched once for this checkout. */
async function findRuntime() {
  if (newEnough(process.versions.node)) return process.execPath
  const platform = `${process.platform}-${process.arch}`
  const home = join(runtimeDir, `node-${pinnedNode}-${platform}`)
  const node = join(home, 'bin', 'node')
  if (existsSync(node)) return node
  if (platform !== 'linux-x64' && platform !== 'linux-arm64')
    throw noRuntime(`no newer one can be fetched for ${platform}`)
  return withBootLock(() => (existsSync(node) ? node : fetchRuntime(platform, home)))
}

async function fetchRuntime(platform, home) {
  say(
    `sallyport: Node ${process.versions.node} is too old; fetching Node ${pinnedNode} into .runtime, for this checkout only`,
  )
  const staging = join(runtimeDir, 'staging')
  rmSync(staging, { recursive: true, force: true })
  mkdirSync(staging, { recursive: true })
  for (const file of ['package.json', 'package-lock.json', '.npmrc'])
    copyFileSync(join(root, 'scripts/runtime', file), join(staging, file))
  const fetched = await npm(['ci'], staging)
  if (fetched.code !== 0) throw noRuntime(`fetching a newer one failed (${lastLine(fetched.output)})`)
  const unpacked = join(staging, 'node_modules', `node-${platform}`)
  const probe = await run(join(unpacked, 'bin', 'node'), ['--version'])
  if (probe.output.trim() !== `v${pinnedNode}`) throw noRuntime('the one fetched does not run on this system')
  rmSync(home, { recursive: true, force: true })
  renameSync(unpacked, home)
  rmSync(staging, { recursive: true, force: true })
  return join(home, 'bin', 'node')
}

const lastLine = (output) => output.trim().split('\n').pop() || 'no output'

/** Keeps .runtime/bin/node pointing at the chosen Node, so that npm, npx and child processes use it as well. */
function linkRuntime(node) {
  const bin = join(runtimeDir, 'bin')
  const link = join(bin, 'node')
  // Relative where it can be, so that a checkout that is moved or copied keeps to its own Node.
  const target = node.startsWith(runtimeDir) ? relative(bin, node) : node
  try {
    if (readlinkSync(link) === target) return bin
  } catch {
    // No link yet, or something else stands there: it is replaced below.
  }
  mkdirSync(bin, { recursive: true })
  const fresh = `${link}.${process.pid}`
  rmSync(fresh, { force: true })
  symlinkSync(target, fresh)
  renameSync(fresh, link)
  return bin
}

const lockHash = () => createHash('sha256').update(readFileSync(lockFile)).digest('hex')

const isInstalled = (stamp, hash, dev) => Boolean(stamp && stamp.done && stamp.lock === hash && (stamp.dev || !dev))

/** Installs what the command needs, once for each state of package-lock.json, and heals an install that was cut off. */
async function install(dev) {
  if (isInstalled(readJson(stampFile), lockHash(), dev)) return
  await withBootLock(async () => {
    const stamp = readJson(stampFile)
    const hash = lockHash()
    if (isInstalled(stamp, hash, dev)) return
    // A package cut off while unpacking looks complete to npm, so nothing of an unfinished install is kept.
    const cutOff = stamp ? !stamp.done : existsSync(modules) && !existsSync(join(modules, '.package-lock.json'))
    if (cutOff) {
      await ended(stamp && stamp.npm)
      removeModules()
    }
    const withDev = dev || Boolean(stamp && stamp.dev) || existsSync(join(modules, 'vitest'))
    const what = withDev ? 'everything, with development tools' : 'what running needs'
    say(`sallyport: installing ${what} into node_modules`)
    mkdirSync(modules, { recursive: true })
    const writeStamp = (value) => writeFileSync(stampFile, JSON.stringify(value))
    const started = (pid) => writeStamp({ done: false, npm: pid, dev: withDev })
    const outcome = await npm(['install', '--no-save', withDev ? '--include=dev' : '--omit=dev'], root, started)
    if (outcome.code !== 0) {
      // npm takes back what it did when it fails by itself; only a killed one leaves halves behind.
      if (!stoppedBy && stamp && stamp.done) writeStamp(stamp)
      if (!stoppedBy) say(outcome.output.trim())
      throw new BootFailure('sallyport: installing failed; check the network and run the same command again.')
    }
    writeStamp({ done: true, lock: hash, dev: withDev })
  })
}

/** Waits for an npm that outlived the start which began it; a minute at most, for its number may belong to another. */
async function ended(pid) {
  for (let waited = 0; pid > 0 && isRunning(pid) && waited < 300; waited += 1) await pause(200)
}

function removeModules() {
  rmSync(modules, { recursive: true, force: true })
  for (const folder of ['packages', 'examples']) {
    const parent = join(root, folder)
    if (!existsSync(parent)) continue
    for (const name of readdirSync(parent)) rmSync(join(parent, name, 'node_modules'), { recursive: true, force: true })
  }
  rmSync(join(root, 'bench/node_modules'), { recursive: true, force: true })
}

/** Runs the command and becomes it, as far as the outside can tell: same signals, same exit code. */
function handOver(node, bin, entry, args) {
  const path = [bin, join(modules, '.bin'), process.env.PATH || ''].join(delimiter)
  // Libraries promise to run on older Nodes than ours; their tests need to know where one is.
  const env = { ...process.env, PATH: path, SALLYPORT_HOST_NODE: process.execPath }
  const child = spawn(node, ['--conditions=@sallyport/source', entry, ...args], { stdio: 'inherit', env })
  running = child
  child.on('error', (error) => {
    say(`sallyport: ${entry} could not be started: ${error.message}`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => process.exit(code === null ? exitCodeOf(signal) : code))
}

/** The process that serves the data folder now, by the note it left there; a stale note names no process of ours. */
function servedBy() {
  try {
    const pid = readFileSync(join(root, '.data', 'sallyport.db.pid'), 'utf8').trim()
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('sallyport') ? pid : undefined
  } catch {
    return undefined
  }
}

function reset() {
  const pid = servedBy()
  if (pid !== undefined)
    throw new BootFailure(`a server (process ${pid}) is serving ./.data; stop it first, then: npm run reset`, unusable)
  rmSync(join(root, '.data'), { recursive: true, force: true })
  say('sallyport: ./.data is gone; the next start begins anew')
}

async function main([name = 'dev', ...rest]) {
  if (name === 'reset') return reset()
  const [file, ...args] = rest
  const command = name === 'exec' && file ? { entry: file, args: [], dev: true } : commands[name]
  if (!command)
    throw new BootFailure(
      `usage: node boot.mjs ${Object.keys(commands).join(' | ')} | reset | exec <file> [argument…]`,
      2,
    )
  process.chdir(root)
  passSignalsOn()
  const node = await findRuntime()
  const bin = linkRuntime(node)
  await install(command.dev)
  handOver(node, bin, command.entry, [...command.args, ...(name === 'exec' ? args : rest)])
}

main(process.argv.slice(2)).catch((error) => {
  if (stoppedBy) process.exit(exitCodeOf(stoppedBy))
  say(error instanceof BootFailure ? error.message : `sallyport: ${error.stack}`)
  process.exit(error instanceof BootFailure ? error.code : 1)
})
