import type { AccountsOptions, PasswordAccounts } from '@sallyport/accounts'
import { readLevel, type Store } from '@sallyport/server'
import type { Config } from './config/load.ts'
import { CommandFailure, exitCode } from './failure.ts'
import { qrAsSvg } from './qr-code.ts'
import { now } from './workplace.ts'

/** People with passwords and their pages, set up as configured. Loaded only where people matter. */
export async function openAccounts(
  store: Store,
  config: Config,
  issuer: string,
  notify?: AccountsOptions['notify'],
): Promise<PasswordAccounts> {
  const { builtInLanguages, createAccounts } = await import('@sallyport/accounts')
  const languages = Object.keys(builtInLanguages)
  if (!languages.includes(config.language))
    throw new CommandFailure(
      exitCode.unusable,
      `accounts.language: there are no pages in ${config.language}; use ${languages.join(' or ')}`,
    )
  return createAccounts({
    store,
    now,
    issuer,
    defaultLanguage: config.language,
    consentLifetime: config.policy.consentLifetime,
    levels: config.acrLevels.map(readLevel),
    secondFactor: config.secondFactor,
    qrCode: qrAsSvg,
    notify,
  })
}
