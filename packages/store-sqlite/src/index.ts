export { openSqliteStore, type SqliteStore, type SqliteStoreOptions } from './open-store.ts'
export { StoreRefused, type StoreRefusal } from './store-refused.ts'
export type { Statistics } from './group-commit.ts'
