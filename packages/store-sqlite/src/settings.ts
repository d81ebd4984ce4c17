import type { AdminStore } from '@sallyport/server/model'
import type { Connection } from './connection.ts'

/** Facts that the store remembers about itself. */
export function settingVerbs(db: Connection): Pick<AdminStore, 'readSetting' | 'writeSetting'> {
  const read = db.value<[string], string>('SELECT value FROM settings WHERE name = ?')
  const insert = db.change<[string, string]>(
    'INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING',
  )
  const replace = db.change<[string, string, string]>('UPDATE settings SET value = ? WHERE name = ? AND value = ?')
  return {
    readSetting: (name) => db.read(() => read(name)),
    writeSetting: (name, value, expected) =>
      db.write(() => (expected === undefined ? insert(name, value) : replace(value, name, expected)) === 1),
  }
}
