import { deepEqual, equal } from 'node:assert/strict'
import type { Page, RefreshToken, Store } from '@sallyport/server/model'
import { later } from './records.ts'

/** Where the tests of a suite are announced; the functions of any runner with these names will do. */
export type ContractRunner = {
  readonly describe: (name: string, body: () => void) => void
  readonly it: (name: string, body: () => Promise<void>) => void
}

/** One part of the contract. */
export type ContractPart = (runner: ContractRunner, withStore: WithStore) => void

/** Runs a test on an empty store and lets go of it. */
export type WithStore = (test: (store: Store) => Promise<void>) => () => Promise<void>

/** Equality of records; a member that is `undefined` equals one that is absent, because rows know no difference. */
export const sameRecord = (actual: unknown, expected: unknown): void => deepEqual(plain(actual), plain(expected))

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value]
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) => [key, plain(member)]),
  )
}

/** Every item of a list, page by page. */
export async function everyPage<T>(
  list: (after: string | undefined, limit: number) => Promise<Page<T>>,
  limit = 200,
): Promise<readonly T[]> {
  const items: T[] = []
  let after: string | undefined
  do {
    const page = await list(after, limit)
    items.push(...page.items)
    after = page.next
  } while (after !== undefined)
  return items
}

/** How much there is of everything that can be listed. */
export async function sizes(store: Store): Promise<Readonly<Record<string, number>>> {
  const { admin } = store
  return {
    clients: (await everyPage((after, limit) => admin.listClients(after, limit))).length,
    sessions: (await everyPage((after, limit) => admin.listSessions({}, after, limit, later(0)))).length,
    authorizations: (await everyPage((after, limit) => admin.listAuthorizations({}, after, limit))).length,
    events: (await everyPage((after, limit) => admin.listEvents({}, after, limit))).length,
  }
}

/** The refresh tokens among these that the store knows. */
export async function knownTokens(store: Store, tokens: readonly RefreshToken[]): Promise<readonly RefreshToken[]> {
  const views = await Promise.all(tokens.map(({ digest }) => store.findRefreshToken(digest)))
  return tokens.filter((_, index) => views[index] !== undefined)
}

/** Starts `count` calls without waiting for any of them. */
export const together = <T>(count: number, call: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => call(index)))

/** Exactly one of the answers is the winning one. */
export function exactlyOne<T>(answers: readonly T[], wins: (answer: T) => boolean): number {
  equal(answers.filter(wins).length, 1)
  return answers.findIndex(wins)
}
