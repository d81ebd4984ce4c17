import type { JwsAlgorithm, Seconds } from '@sallyport/protocol'
import type { Store } from '@sallyport/server/model'
import { orNull, orUndefined, type Connection } from './connection.ts'

type Verbs = Pick<Store, 'listSigningKeys' | 'addSigningKey'>

type KeyRow = [
  kid: string,
  alg: string,
  jwk: string,
  sealed: Uint8Array,
  external: string | null,
  created: number,
  active: number,
  remove: number | null,
]

/** Signing keys, sealed by the caller. */
export function signingKeyVerbs(db: Connection): Verbs {
  const list = db.rows<[], KeyRow>(
    `SELECT kid, alg, public_jwk, sealed_private_key, external_name, created_at, active_from, remove_at FROM signing_keys
     ORDER BY created_at, kid`,
  )
  // The slot outlives the key, so that no slot is ever filled twice.
  const claim = db.change<[string, string]>(
    'INSERT INTO signing_key_slots (slot, kid) VALUES (?, ?) ON CONFLICT (slot) DO NOTHING',
  )
  const insert = db.change<KeyRow>(
    `INSERT INTO signing_keys (kid, alg, public_jwk, sealed_private_key, external_name, created_at, active_from, remove_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const retireKey = db.change<[number, string]>(
    `UPDATE signing_keys SET remove_at = min(coalesce(remove_at, 9e999), ?) WHERE kid = ?`,
  )

  return {
    listSigningKeys: () =>
      db.read(() =>
        list().map(([kid, alg, jwk, sealed, external, created, active, remove]) => ({
          kid,
          alg: alg as JwsAlgorithm,
          publicJwk: JSON.parse(jwk) as Readonly<Record<string, string>>,
          sealedPrivateKey: sealed,
          externalName: orUndefined(external),
          createdAt: created as Seconds,
          activeFrom: active as Seconds,
          removeAt: orUndefined(remove) as Seconds | undefined,
        })),
      ),
    addSigningKey: (key, slot, retire) =>
      db.write(() => {
        if (claim(slot, key.kid) === 0) return false
        const { kid, alg, publicJwk, sealedPrivateKey, externalName, createdAt, activeFrom, removeAt } = key
        const jwk = JSON.stringify(publicJwk)
        insert(kid, alg, jwk, sealedPrivateKey, orNull(externalName), createdAt, activeFrom, orNull(removeAt))
        if (retire !== undefined) retireKey(retire.removeAt, retire.kid)
        return true
      }),
  }
}
