import type { PasswordAccounts } from '@sallyport/accounts'
import type { Store } from '@sallyport/server'
import type { Config } from './config/load.ts'
import { now } from './workplace.ts'

/** People with passwords and their pages, set up as configured. Loaded only where people matter. */
export async function openAccounts(store: Store, config: Config, issuer: string): Promise<PasswordAccounts> {
  const { createAccounts } = await import('@sallyport/accounts')
  return createAccounts({
    store,
    now,
    issuer,
    defaultLanguage: config.language,
    consentLifetime: config.policy.consentLifetime,
  })
}
