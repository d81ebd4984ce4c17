import { ExternalKeyFault, MasterKeyMismatch, type ExternalKeys } from '@sallyport/server'
import type { Config } from './config/load.ts'
import { CommandFailure, exitCode } from './failure.ts'
import { version } from './version.ts'

/** A token that can be opened: everything that is needed was said. */
export type WholePlace = { readonly module: string; readonly token: string; readonly pin: string }

/** The token of the configuration; `undefined` when keys are kept in the store alone. */
export function wholePlace({ externalKeys: { module, token, pin } }: Config): WholePlace | undefined {
  return module === undefined || token === undefined || pin === undefined ? undefined : { module, token, pin }
}

/** The driver, which only those install who need it. */
export async function driver(): Promise<typeof import('@sallyport/signer-pkcs11')> {
  try {
    return await import('@sallyport/signer-pkcs11')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error
    throw new CommandFailure(exitCode.unusable, 'externalKeys needs a package that is not installed', [
      `run: npm install @sallyport/signer-pkcs11@${version()}`,
    ])
  }
}

/** Keys that are open for as long as somebody needs them. */
export type OpenedKeys = { readonly keys: ExternalKeys | undefined; readonly close: () => Promise<void> }

/** The keys that the configuration names; nothing is asked of the device before the first of them is used. */
export async function openExternalKeys(config: Config): Promise<OpenedKeys> {
  const place = wholePlace(config)
  if (place === undefined) return { keys: undefined, close: async () => undefined }
  const { openPkcs11Keys } = await driver()
  const keys = openPkcs11Keys({ ...place, names: config.externalKeys.names })
  return { keys, close: keys.close }
}

/** Does something with the keys of the configuration and closes them whatever happens; faults of keys become words. */
export async function withExternalKeys<T>(
  config: Config,
  work: (keys: ExternalKeys | undefined) => Promise<T>,
): Promise<T> {
  const opened = await openExternalKeys(config)
  try {
    return await work(opened.keys)
  } catch (error) {
    throw keyFailure(error)
  } finally {
    await opened.close()
  }
}

/** A fault of a key as a command tells it, with what to do; every other error as it is. */
export function keyFailure(error: unknown): Error {
  if (error instanceof MasterKeyMismatch) return new CommandFailure(exitCode.unusable, error.message)
  if (error instanceof ExternalKeyFault) return new CommandFailure(exitCode.unusable, error.message, [error.remedy])
  return error instanceof Error ? error : new Error(String(error))
}
