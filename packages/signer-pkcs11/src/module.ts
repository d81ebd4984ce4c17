import { statSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import koffi, { type LibraryHandle } from 'koffi'
import { ExternalKeyFault } from '@sallyport/server'
import { returned } from './constants.ts'
import { ModuleFault } from './faults.ts'
import { fitsThisMachine, readUlong, ulongBytes, type Pointing } from './memory.ts'

/** An argument as C takes it: a handle or a number, bytes, a structure that points at other bytes, or a null pointer. */
type Argument = bigint | number | Buffer | Pointing | null

/** The functions that are called, with the kinds of their arguments: `u` a CK_ULONG, `b` a CK_BBOOL, `p` a pointer. */
const signatures = {
  C_Initialize: 'p',
  C_Finalize: 'p',
  C_GetSlotList: 'bpp',
  C_GetTokenInfo: 'up',
  C_OpenSession: 'uuppp',
  C_CloseSession: 'u',
  C_Login: 'uupu',
  C_GetAttributeValue: 'uupu',
  C_FindObjectsInit: 'upu',
  C_FindObjects: 'upup',
  C_FindObjectsFinal: 'u',
  C_SignInit: 'upu',
  C_Sign: 'upupp',
  C_GenerateKeyPair: 'uppupupp',
} as const
type Name = keyof typeof signatures

/** Places of the functions in CK_FUNCTION_LIST, which begins with the version. */
const places: Readonly<Record<Name, number>> = {
  C_Initialize: 0,
  C_Finalize: 1,
  C_GetSlotList: 4,
  C_GetTokenInfo: 6,
  C_OpenSession: 12,
  C_CloseSession: 13,
  C_Login: 18,
  C_GetAttributeValue: 24,
  C_FindObjectsInit: 26,
  C_FindObjects: 27,
  C_FindObjectsFinal: 28,
  C_SignInit: 42,
  C_Sign: 43,
  C_GenerateKeyPair: 59,
}
const listed = 60

const types = { u: 'ulong', b: 'uint8_t', p: 'void *' } as const

type Native = {
  async(...args: [...(bigint | number | Buffer | null)[], (error: Error | null, value: number) => void]): void
}

/** A loaded module. Each call runs on a thread of its own, so that a slow device does not stop the server. */
export type Module = {
  /** Calls a function and gives its return value. */
  readonly raw: (name: Name, ...args: Argument[]) => Promise<number>
  /** Calls a function; rejects with ModuleFault for every return value but success. */
  readonly call: (what: string, name: Name, ...args: Argument[]) => Promise<void>
  /** Initialises the module anew, unless somebody else uses it; nothing may be running in it. */
  readonly restart: () => Promise<boolean>
  readonly release: () => Promise<void>
}

type Functions = ReadonlyMap<Name, Native>

/** A library is held for good: without its handle it would be unloaded, under the feet of whoever has its functions. */
type Library = { readonly handle: LibraryHandle; readonly functions: Functions }

type Loaded = Library & { users: number; initialized: boolean; last: Promise<unknown> }

/** A module belongs to the process, whatever number of servers in it use it: it may be initialised once only. */
const modules = new Map<string, Loaded>()

function requireModuleFile(path: string): void {
  if (!isAbsolute(path))
    throw new ExternalKeyFault(`the module ${path} is no absolute path`, 'write the whole path of the module')
  const file = statSync(path, { throwIfNoEntry: false })
  if (file?.isFile() !== true)
    throw new ExternalKeyFault(`there is no module at ${path}`, 'install the module, or correct externalKeys.module')
  if ((file.mode & 0o002) !== 0)
    throw new ExternalKeyFault(`anybody can replace the module ${path}`, `run: chmod o-w ${path}`)
}

function loadLibrary(path: string): LibraryHandle {
  if (!fitsThisMachine())
    throw new ExternalKeyFault('PKCS #11 modules cannot be used on this system', 'run the server on Linux with 64 bits')
  requireModuleFile(path)
  // Modules bring a cryptographic library along whose names Node has as well: each has to keep to its own.
  return koffi.load(path, { deep: true })
}

function functionList(handle: LibraryHandle): Functions {
  const getList = handle.func('C_GetFunctionList', 'ulong', ['void *']) as unknown as (to: Buffer) => number
  const pointer = ulongBytes()
  if (getList(pointer) !== returned.ok) throw new Error('C_GetFunctionList failed')
  const pointers = new BigUint64Array(koffi.view(readUlong(pointer), (1 + listed) * 8))
  return new Map(
    (Object.keys(signatures) as Name[]).map((name) => {
      const args = [...signatures[name]].map((kind) => types[kind as keyof typeof types])
      return [name, koffi.decode(pointers[1 + places[name]] ?? 0n, koffi.proto('ulong', args))]
    }),
  )
}

function libraryAt(path: string): Library {
  try {
    const handle = loadLibrary(path)
    return { handle, functions: functionList(handle) }
  } catch (cause) {
    if (cause instanceof ExternalKeyFault) throw cause
    const why = cause instanceof Error ? cause.message : 'unknown error'
    const remedy = 'name the PKCS #11 module of the device, made for this system'
    throw new ExternalKeyFault(`${path} cannot be loaded as a PKCS #11 module: ${why}`, remedy, { cause })
  }
}

/** What the calls that are running point at: the module reads and writes it on another thread, so it must not be collected. */
const inUse = new Set<readonly Argument[]>()

const bare = (argument: Argument): bigint | number | Buffer | null =>
  typeof argument === 'object' && argument !== null && 'pointsAt' in argument ? argument.bytes : argument

const invoke = (functions: Functions, name: Name, args: readonly Argument[]): Promise<number> =>
  new Promise((resolve, reject) => {
    inUse.add(args)
    functions.get(name)?.async(...args.map(bare), (error, value) => {
      inUse.delete(args)
      if (error === null) resolve(value)
      else reject(error)
    })
  })

/** CK_C_INITIALIZE_ARGS that let the module use the threads and locks of the system. */
function initializeArguments(): Buffer {
  const osLocking = 2
  const bytes = Buffer.alloc(48)
  bytes.writeBigUInt64LE(BigInt(osLocking), 32)
  return bytes
}

async function initialize(functions: Functions): Promise<void> {
  const code = await invoke(functions, 'C_Initialize', [initializeArguments()])
  if (code !== returned.ok && code !== returned.alreadyInitialized)
    throw new ModuleFault('the module cannot be initialised', code)
}

function loadedAt(path: string): Loaded {
  const known = modules.get(path)
  if (known !== undefined) return known
  const loaded: Loaded = { ...libraryAt(path), users: 0, initialized: false, last: Promise.resolve() }
  modules.set(path, loaded)
  return loaded
}

/** Beginnings and ends of a module, one after the other. */
function next<T>(loaded: Loaded, step: () => Promise<T>): Promise<T> {
  const done = loaded.last.then(step)
  loaded.last = done.catch(() => undefined)
  return done
}

async function begin(loaded: Loaded): Promise<void> {
  if (loaded.initialized) return
  await initialize(loaded.functions)
  loaded.initialized = true
}

async function end(loaded: Loaded): Promise<void> {
  if (!loaded.initialized) return
  loaded.initialized = false
  await invoke(loaded.functions, 'C_Finalize', [null])
}

/** Loads and initialises a module, or joins those who use it already. */
export async function useModule(path: string): Promise<Module> {
  const loaded = loadedAt(path)
  loaded.users++
  await next(loaded, () => begin(loaded)).catch((error: unknown) => {
    loaded.users--
    throw error
  })
  const raw: Module['raw'] = (name, ...args) => invoke(loaded.functions, name, args)
  return {
    raw,
    call: async (what, name, ...args) => {
      const code = await raw(name, ...args)
      if (code !== returned.ok) throw new ModuleFault(what, code)
    },
    restart: () =>
      next(loaded, async () => {
        if (loaded.users > 1) return false
        await end(loaded)
        await begin(loaded)
        return true
      }),
    release: () => {
      loaded.users--
      return next(loaded, async () => {
        if (loaded.users === 0) await end(loaded)
      })
    },
  }
}
