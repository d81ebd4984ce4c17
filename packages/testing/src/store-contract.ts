import type { Store } from '@sallyport/server/model'
import { accessTokenContract } from './store-contract/access-tokens.ts'
import { accountContract } from './store-contract/accounts.ts'
import { auditContract } from './store-contract/audit.ts'
import type { ContractRunner, WithStore } from './store-contract/assertions.ts'
import { clientContract } from './store-contract/clients.ts'
import { containmentContract } from './store-contract/containment.ts'
import { declarationContract } from './store-contract/declarations.ts'
import { derivationContract } from './store-contract/derivations.ts'
import { deviceContract } from './store-contract/devices.ts'
import { exceptionContract } from './store-contract/exceptions.ts'
import { factorContract } from './store-contract/factors.ts'
import { interactionContract } from './store-contract/interactions.ts'
import { issueContract } from './store-contract/issue-code.ts'
import { listContract } from './store-contract/lists.ts'
import { logoContract } from './store-contract/logos.ts'
import { logoutContract } from './store-contract/logouts.ts'
import { markContract } from './store-contract/marks.ts'
import { pushedContract } from './store-contract/pushed.ts'
import { registrationContract } from './store-contract/registrations.ts'
import { codeContract } from './store-contract/redeem-code.ts'
import { refreshContract } from './store-contract/refresh.ts'
import { sealedContract } from './store-contract/sealed.ts'
import { sessionContract } from './store-contract/sessions.ts'
import { standingContract } from './store-contract/standing.ts'
import { sweepContract } from './store-contract/sweep.ts'
import { usageContract } from './store-contract/usage.ts'
import { aliasContract, reopenContract } from './store-contract/whole.ts'

export type { ContractRunner } from './store-contract/assertions.ts'
// Records for what else a driver has to prove by itself, such as races between processes and crashes.
export { client, digest, event, interaction, later, session, start, unique, user } from './store-contract/records.ts'
export { family, ground, issue, records, refreshToken, type Ground } from './store-contract/ground.ts'

export type StoreContractOptions = ContractRunner & {
  /** For durable stores: closes the store if it is open, and opens the same data again. */
  readonly reopen?: ((store: Store) => Promise<Store>) | undefined
}

const parts = [
  issueContract,
  codeContract,
  refreshContract,
  interactionContract,
  sessionContract,
  standingContract,
  markContract,
  clientContract,
  declarationContract,
  listContract,
  auditContract,
  accountContract,
  accessTokenContract,
  sweepContract,
  usageContract,
  registrationContract,
  exceptionContract,
  deviceContract,
  logoContract,
  logoutContract,
  pushedContract,
  factorContract,
  containmentContract,
  derivationContract,
  sealedContract,
  aliasContract,
]

/**
 * The contract of the storage port: every verb and every law, races included. A driver that passes may stand behind the
 * server. `open` gives a new, empty store for each test, which is closed afterwards; `describe` and `it` are those of the
 * test runner, so that the suite needs none of its own.
 */
export function storeContract(name: string, open: () => Promise<Store>, options: StoreContractOptions): void {
  const { describe, it, reopen } = options
  const withStore: WithStore = (test) => async () => {
    const store = await open()
    try {
      await test(store)
    } finally {
      await store.close()
    }
  }
  describe(`the store contract, on ${name}`, () => {
    for (const part of parts) part({ describe, it }, withStore)
    if (reopen !== undefined) reopenContract(reopen)({ describe, it }, withStore)
  })
}
