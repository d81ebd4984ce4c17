import type { Seconds } from '@sallyport/protocol'
import type { FactorStore } from '@sallyport/server/model'
import type { Connection } from './connection.ts'
import type { EventRows } from './event-rows.ts'

type Row = [id: string, seed: Buffer, lastStep: number, createdAt: number, recoveryLeft: number]

/** Second factors of people. */
export function factorStore(db: Connection, events: EventRows): FactorStore {
  const find = db.row<[string], Row>(
    `SELECT id, seed, last_step, created_at, (SELECT count(*) FROM recovery_codes r WHERE r.factor_id = f.id)
     FROM second_factors f WHERE subject = ?`,
  )
  const known = db.value<[string], number>('SELECT 1 FROM second_factors WHERE id = ?')
  const insert = db.change<[string, string, Uint8Array, number, number]>(
    `INSERT INTO second_factors (subject, id, seed, last_step, created_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (subject) DO NOTHING`,
  )
  const insertCode = db.change<[string, string]>('INSERT INTO recovery_codes (factor_id, digest) VALUES (?, ?)')
  const step = db.change<[number, string, number]>(
    'UPDATE second_factors SET last_step = ? WHERE id = ? AND last_step < ?',
  )
  const spend = db.change<[string, string]>('DELETE FROM recovery_codes WHERE factor_id = ? AND digest = ?')
  const dropCodes = db.change<[string]>('DELETE FROM recovery_codes WHERE factor_id = ?')
  const drop = db.change<[string]>('DELETE FROM second_factors WHERE id = ?')
  return {
    find: (subject) =>
      db.read(() => {
        const row = find(subject)
        if (row === undefined) return undefined
        const [id, seed, lastStep, createdAt, recoveryLeft] = row
        const factor = { id, subject, seed: new Uint8Array(seed), lastStep, createdAt: createdAt as Seconds }
        return { factor, recoveryLeft }
      }),
    enrol: ({ id, subject, seed, lastStep, createdAt }, recovery, noted) =>
      db.write(() => {
        if (insert(subject, id, seed, lastStep, createdAt) === 0) return false
        for (const digest of recovery) insertCode(id, digest)
        events.add(noted)
        return true
      }),
    useStep: (id, used) => db.write(() => step(used, id, used) === 1),
    useRecovery: (id, digest) => db.write(() => spend(id, digest) === 1),
    replaceRecovery: (id, recovery, noted) =>
      db.write(() => {
        if (known(id) === undefined) return false
        dropCodes(id)
        for (const digest of recovery) insertCode(id, digest)
        events.add(noted)
        return true
      }),
    remove: (id, noted) =>
      db.write(() => {
        if (drop(id) === 0) return false
        dropCodes(id)
        events.add(noted)
        return true
      }),
  }
}
