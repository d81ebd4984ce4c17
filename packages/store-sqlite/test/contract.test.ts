import { createMemoryStore } from '@sallyport/server/store'
import { openSqliteStore } from '@sallyport/store-sqlite'
import { storeContract } from '@sallyport/testing/store-contract'
import { describe, it } from 'vitest'
import { scratchFile } from './scratch.ts'

storeContract('memory', async () => createMemoryStore(), { describe, it })

let path = ''
storeContract(
  'SQLite',
  () => {
    path = scratchFile()
    return openSqliteStore({ path })
  },
  {
    describe,
    it,
    reopen: async (store) => {
      await store.close()
      return openSqliteStore({ path, mustExist: true })
    },
  },
)
