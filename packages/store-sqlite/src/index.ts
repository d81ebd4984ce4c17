export { openSqliteStore, type SqliteStore } from './open-store.ts'
export type { SqliteStoreOptions } from './options.ts'
export { StoreRefused, type StoreRefusal } from './store-refused.ts'
export type { Statistics } from './group-commit.ts'
