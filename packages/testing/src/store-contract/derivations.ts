import { deepEqual, equal } from 'node:assert/strict'
import type { Authorization, Store } from '@sallyport/server/model'
import { exactlyOne, sameRecord, sizes, together, type ContractPart } from './assertions.ts'
import { family, ground, issue, records, type Ground } from './ground.ts'
import { client, event, later, start, unique } from './records.ts'

/** An authorization of another client, derived from the given ones. */
function derivedFrom(on: Ground, clientId: string, parents: readonly string[]): Authorization {
  const derived = { parents, actor: { sub: clientId }, assertedBy: undefined, signInKnown: true }
  const { authorization } = issue(on, { authorization: { clientId, derived, offline: false, expiresAt: later(300) } })
  return authorization
}

const make = (store: Store, authorization: Authorization): Promise<boolean> =>
  store.redeem({ kind: 'derivation', authorization }, records(undefined, [event()]), start)

const alive = (store: Store, { id, clientId }: Authorization): Promise<boolean> =>
  store.tokenStands({ jti: unique('jti'), authorizationId: id, clientId }, start)

async function withActor(store: Store) {
  const on = await ground(store)
  const { authorization: parent } = await family(store, on)
  const actor = client()
  await store.admin.createClient(actor, [])
  return { on, parent, actor, child: derivedFrom(on, actor.id, [parent.id]) }
}

/** Authorizations that hang on others (RFC 8693), and those that rest on an assertion (RFC 7523). */
export const derivationContract: ContractPart = ({ describe, it }, withStore) => {
  describe('derivations', () => {
    it(
      'B-TX-08 stores an authorization and its event, finds both it and its parent, and sweeps it when it is over',
      withStore(async (store) => {
        const { parent, child } = await withActor(store)
        equal(await store.derivations.find(child.id), undefined)
        equal(await make(store, child), true)
        sameRecord(await store.derivations.find(child.id), { authorization: child, ended: undefined })
        sameRecord(await store.derivations.find(parent.id), { authorization: parent, ended: undefined })
        equal(await alive(store, child), true)
        equal((await sizes(store))['events'], 1)
        await store.sweep(later(299), 100)
        equal((await sizes(store))['authorizations'], 2)
        await store.sweep(later(300), 100)
        equal((await sizes(store))['authorizations'], 1)
      }),
    )
    it(
      'B-TX-03 ends with what it hangs on, however far away that is',
      withStore(async (store) => {
        const { on, parent, actor, child } = await withActor(store)
        equal(await make(store, child), true)
        const second = client()
        await store.admin.createClient(second, [])
        const grandchild = derivedFrom(on, second.id, [child.id, parent.id])
        equal(await make(store, grandchild), true)
        equal(await alive(store, grandchild), true)
        await store.admin.updateClient({ ...actor, version: 2, disabledAt: start }, [])
        equal(await alive(store, grandchild), false)
        await store.admin.updateClient({ ...actor, version: 3 }, [])
        equal(await alive(store, grandchild), true)
        await store.revokeAuthorization(parent.id, 'client_request', later(1), [])
        equal(await alive(store, child), false)
        equal(await alive(store, grandchild), false)
        equal((await store.derivations.find(grandchild.id))?.ended, 'authorization_revoked')
      }),
    )
    it(
      'B-TX-03 is not made under an authorization that ended, and then writes nothing',
      withStore(async (store) => {
        const { on, parent, actor, child } = await withActor(store)
        equal(await make(store, derivedFrom(on, actor.id, [unique('authorization')])), false)
        equal(await make(store, derivedFrom(on, unique('client'), [parent.id])), false)
        await store.revokeAuthorization(parent.id, 'client_request', start, [])
        equal(await make(store, child), false)
        equal(await store.derivations.find(child.id), undefined)
        equal((await sizes(store))['events'], 0)
      }),
    )
    it(
      'B-TX-03 a revocation at the same time leaves nothing alive behind it',
      withStore(async (store) => {
        const { on, parent, actor } = await withActor(store)
        const children = Array.from({ length: 32 }, () => derivedFrom(on, actor.id, [parent.id]))
        const [ended] = await Promise.all([
          together(1, () => store.revokeAuthorization(parent.id, 'client_request', start, [])),
          ...children.map((child) => make(store, child)),
        ])
        exactlyOne(ended ?? [], (answer) => answer === true)
        for (const child of children) equal(await alive(store, child), false)
      }),
    )
    it(
      'B-JB-04 without a parent it stands while its client and its person do, and is nothing that the person gave',
      withStore(async (store) => {
        const { on, parent, actor } = await withActor(store)
        const alone = derivedFrom(on, actor.id, [])
        equal(await make(store, alone), true)
        equal(await alive(store, alone), true)
        const list = async (given?: true): Promise<readonly string[]> =>
          (await store.admin.listAuthorizations({ subject: on.session.subject, given }, undefined, 10)).items.map(
            ({ authorization }) => authorization.id,
          )
        deepEqual(await list(true), [parent.id])
        deepEqual((await list()).toSorted(), [parent.id, alone.id].toSorted())
        equal((await store.admin.listAuthorizations({ given: true }, undefined, 10)).items.length, 1)
        await store.setSubjectActive(on.session.subject, false, start, [])
        equal(await alive(store, alone), false)
        equal(await make(store, derivedFrom(on, actor.id, [])), false)
      }),
    )
  })
}
