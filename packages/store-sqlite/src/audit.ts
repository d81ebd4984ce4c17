import { createTrailCheck, isAudited, type AdminStore } from '@sallyport/server/model'
import { orUndefined, type Connection } from './connection.ts'
import { eventColumns, newestLink, readEvent, type EventRow } from './event-rows.ts'

/** Events looked at before requests are let through. */
const chunk = 5000

type Row = [...EventRow, previous: string | null, link: string | null, n: number]

/** Walks all events in the order in which they were stored, so that one without its link is found as well. */
export function auditVerb(db: Connection): Pick<AdminStore, 'verifyAudit'> {
  const newest = newestLink(db)
  const rows = db.rows<[number, number], Row>(
    `SELECT ${eventColumns}, previous, link, n FROM events WHERE n > ? ORDER BY n LIMIT ?`,
  )
  return {
    verifyAudit: async () => {
      const trail = createTrailCheck()
      // Read before the rows: what is added meanwhile only comes after it.
      const expected = await db.read(newest)
      let after: number | undefined = Number.MIN_SAFE_INTEGER
      while (after !== undefined) {
        const from: number = after
        const found = await db.read(() => rows(from, chunk))
        for (const [id, ts, event, requestId, clientId, record, previous, link] of found) {
          if (link === null && !isAudited({ event })) continue
          const stored = readEvent([id, ts, event, requestId, clientId, record])
          if (!trail.follow({ event: stored, previous: orUndefined(previous), link: orUndefined(link) }))
            return trail.report(expected)
        }
        after = found.length < chunk ? undefined : found.at(-1)?.[8]
        await new Promise((resolve) => setImmediate(resolve))
      }
      return trail.report(expected)
    },
  }
}
