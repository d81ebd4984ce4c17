import { ExternalKeyFault } from '@sallyport/server'
import { returned, sessionFlags, user } from './constants.ts'
import { isPinFault, ModuleFault } from './faults.ts'
import { readUlong, ulongBytes } from './memory.ts'
import { useModule, type Module } from './module.ts'
import { findToken } from './token.ts'

export type TokenOptions = {
  /** Absolute path of the PKCS #11 module. */
  readonly module: string
  /** Label of the token. */
  readonly token: string
  /** The user PIN. */
  readonly pin: string
  /** Most sessions, and so most signatures at once; each takes one thread of the process while it waits. Default 2. */
  readonly sessions?: number | undefined
  /** Milliseconds after which an answer of the device is not waited for any longer. Default 5000. */
  readonly timeout?: number | undefined
}

/** Work with one session. Handles of objects are good as long as `epoch` stays the same. */
export type Work<T> = (session: bigint, module: Module, epoch: number) => Promise<T>

/** A bounded number of sessions with one token, opened when they are needed and anew when they were lost. */
export type Sessions = {
  readonly run: <T>(work: Work<T>) => Promise<T>
  readonly close: () => Promise<void>
}

/** Most signatures that may wait for a session; more than that only wait to be late. */
const mostWaiting = 256

/** Milliseconds between two attempts to find a lost token by initialising the module anew. */
const betweenRestarts = 1000

const busy = (): ExternalKeyFault =>
  new ExternalKeyFault('the device does not keep up with the signatures', 'allow more sessions, or use a faster device')

type Waiting = { readonly go: () => void }

export function createSessions(options: TokenOptions, mode: 'read' | 'write' = 'read'): Sessions {
  const { module: path, token: label, pin, sessions: most = 2, timeout = 5000 } = options
  const idle: bigint[] = []
  const waiting: Waiting[] = []
  let module: Promise<Module> | undefined
  let pinFault: ModuleFault | undefined
  let opening: Promise<unknown> = Promise.resolve()
  let open = 0
  let restartedAt = Number.NEGATIVE_INFINITY
  let knownToken = false
  let epoch = 0

  const loaded = (): Promise<Module> =>
    (module ??= useModule(path).catch((error: unknown) => {
      module = undefined
      throw error
    }))

  /** A wrong PIN is shown to the token once and never again: after a few the token locks itself. */
  const login = async (used: Module, session: bigint): Promise<void> => {
    if (pinFault !== undefined) throw pinFault
    const bytes = Buffer.from(pin, 'utf8')
    const code = await used.raw('C_Login', session, user, bytes, bytes.length)
    bytes.fill(0)
    if (code === returned.ok || code === returned.userLoggedIn) return
    const fault = new ModuleFault(`nobody can log in to the token ${label}`, code)
    if (isPinFault(fault)) pinFault = fault
    throw fault
  }

  /** Some modules do not see a token that came back until they begin anew. Not while another call runs, nor all the time. */
  const restarted = async (used: Module): Promise<boolean> => {
    if (!knownToken || open > 1 || performance.now() - restartedAt < betweenRestarts) return false
    restartedAt = performance.now()
    return used.restart()
  }

  const openSession = async (used: Module): Promise<bigint> => {
    if (pinFault !== undefined) throw pinFault
    const token = await findToken(used, label).catch(async (error: unknown) => {
      if (!(await restarted(used))) throw error
      return findToken(used, label)
    })
    knownToken = true
    const handle = ulongBytes()
    const flags = sessionFlags.serial | (mode === 'write' ? sessionFlags.readWrite : 0)
    const what = `no session with the token ${label} can be opened`
    await used.call(what, 'C_OpenSession', token.slot, flags, null, null, handle)
    const session = readUlong(handle)
    try {
      if (token.wantsLogin) await login(used, session)
    } catch (error) {
      await used.raw('C_CloseSession', session)
      throw error
    }
    return session
  }

  /** One after the other, so that a wrong PIN is not shown twice at once. */
  const openNext = (used: Module): Promise<bigint> => {
    const opened = opening.then(() => openSession(used))
    opening = opened.catch(() => undefined)
    return opened
  }

  /** Forgets every session: the next one looks for the token anew. */
  const forget = async (used: Module): Promise<void> => {
    epoch++
    for (const session of idle.splice(0)) await used.raw('C_CloseSession', session)
  }

  const turn = (): Promise<void> | undefined => {
    if (open < most) {
      open++
      return undefined
    }
    if (waiting.length >= mostWaiting) throw busy()
    return new Promise((resolve, reject) => {
      const entry: Waiting = {
        go: () => {
          clearTimeout(limit)
          resolve()
        },
      }
      const limit = setTimeout(() => {
        waiting.splice(waiting.indexOf(entry), 1)
        reject(busy())
      }, timeout)
      waiting.push(entry)
    })
  }

  const pass = (): void => {
    const next = waiting.shift()
    if (next === undefined) open--
    else next.go()
  }

  const work = async <T>(task: Work<T>): Promise<T> => {
    const used = await loaded()
    const begun = epoch
    const session = idle.pop() ?? (await openNext(used))
    try {
      const result = await task(session, used, begun)
      if (begun === epoch) idle.push(session)
      else await used.raw('C_CloseSession', session)
      return result
    } catch (error) {
      await used.raw('C_CloseSession', session)
      if (error instanceof ModuleFault && error.lost) await forget(used)
      throw error
    }
  }

  /** A call cannot be taken back: whoever waited too long leaves, and the session is free when the device answers. */
  const within = async <T>(task: Work<T>): Promise<T> => {
    let limit: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      limit = setTimeout(() => {
        reject(new ExternalKeyFault(`the token ${label} does not answer`, 'look at the device and the way to it'))
      }, timeout)
    })
    const running = work(task).finally(pass)
    try {
      return await Promise.race([running, late])
    } finally {
      clearTimeout(limit)
      running.catch(() => undefined)
    }
  }

  return {
    run: async (task) => {
      await turn()
      return within(task)
    },
    close: async () => {
      if (module === undefined) return
      const used = await module
      await forget(used)
      await used.release()
      module = undefined
    },
  }
}
