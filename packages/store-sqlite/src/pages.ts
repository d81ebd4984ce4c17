import { maxPage, type Page } from '@sallyport/server/model'
import type { Connection } from './connection.ts'

/** Rows of one page: at least one, at most what the port allows. */
export const pageSize = (limit: number): number => Math.max(1, Math.min(limit, maxPage))

/** A page from one row more than it holds: the extra row only tells that there is a next page. */
export function pageOf<R, T>(
  rows: readonly R[],
  limit: number,
  read: (row: R) => T,
  idOf: (item: T) => string,
): Page<T> {
  const items = rows.slice(0, pageSize(limit)).map(read)
  const last = items.at(-1)
  return { items, next: rows.length > items.length && last !== undefined ? idOf(last) : undefined }
}

/** Rows looked at in one go while a list is filtered without an index. */
const chunk = 5000

/** How a table is walked by its ids. */
export type Walk<R> = {
  /** The id that closes a chunk of `size` rows after `after`, or nothing when fewer are left. */
  readonly end: (after: string, size: number) => string | undefined
  /** Matching rows after `after` up to and with `end` (to the end of the table without one). */
  readonly select: (after: string, end: string | undefined, limit: number) => readonly R[]
}

/** Collects `wanted` matching rows, a chunk of the table at a time, and lets requests through in between. */
export async function collect<R>(db: Connection, walk: Walk<R>, after: string, wanted: number): Promise<readonly R[]> {
  const found: R[] = []
  let from = after
  for (;;) {
    const start = from
    const end = await db.read(() => walk.end(start, chunk - 1))
    found.push(...(await db.read(() => walk.select(start, end, wanted - found.length))))
    if (end === undefined || found.length >= wanted) return found
    from = end
    await new Promise((resolve) => setImmediate(resolve))
  }
}
