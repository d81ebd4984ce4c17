import { deepEqual, equal } from 'node:assert/strict'
import { laterResourceMembers, type DeclaredChange, type DeclaredObject, type Resource } from '@sallyport/server/model'
import { everyPage, exactlyOne, sameRecord, sizes, together, type ContractPart } from './assertions.ts'
import { exception } from './exceptions.ts'
import { client, event, later, start, unique } from './records.ts'

const nothing: DeclaredChange = {
  createClients: [],
  updateClients: [],
  saveResources: [],
  removeResources: [],
  createExceptions: [],
  renewExceptions: [],
  revokeExceptions: [],
  own: [],
  disown: [],
}

const resource = (id: string): Resource => ({
  id,
  name: 'One',
  scopes: [],
  accessTokenLifetime: undefined,
  ...laterResourceMembers,
})
const mark = (id: string, name = 'shop'): DeclaredObject => ({ kind: 'client', id, name })

/** Objects that belong to configuration files. */
export const declarationContract: ContractPart = ({ describe, it }, withStore) => {
  describe('declared objects', () => {
    it(
      'A-GOV-07 makes a whole change of clients, resources and marks',
      withStore(async (store) => {
        const [one, old] = [client({ allowedOrigins: ['https://app.test'] }), client()]
        await store.admin.createClient(old, [])
        const [kept, gone] = [resource(unique('https://rs.test/')), resource(unique('https://rs.test/'))]
        await store.admin.saveResource(gone, [])
        const next = { ...old, version: 2, name: 'new', disabledAt: start }
        const own: DeclaredObject[] = [mark(one.id), mark(old.id), { kind: 'resource', id: kept.id, name: kept.id }]
        const change = { ...nothing, createClients: [one], updateClients: [next], saveResources: [kept], own }
        equal(await store.declarations.apply({ ...change, removeResources: [gone.id] }, [event(), event()]), true)
        sameRecord(await store.findClient(one.id), one)
        sameRecord(await store.findClient(old.id), next)
        sameRecord(await store.findResource(kept.id), kept)
        equal(await store.findResource(gone.id), undefined)
        equal(await store.originRegistered('https://app.test'), true)
        deepEqual(await store.declarations.find('client', one.id), mark(one.id))
        equal(await store.declarations.find('resource', one.id), undefined)
        equal((await sizes(store))['events'], 2)
      }),
    )
    it(
      'A-GOV-07 writes nothing when one client was changed by somebody else, is there or is gone',
      withStore(async (store) => {
        const [known, fresh] = [client(), client()]
        await store.admin.createClient(known, [])
        const saveResources = [resource(unique('https://rs.test/'))]
        const whole: DeclaredChange = { ...nothing, createClients: [fresh], saveResources, own: [mark(fresh.id)] }
        for (const stale of [{ ...known, version: 3 }, { ...known, version: 1 }, client({ version: 2 })])
          equal(await store.declarations.apply({ ...whole, updateClients: [stale] }, [event()]), false)
        equal(await store.declarations.apply({ ...whole, createClients: [fresh, known] }, [event()]), false)
        equal(await store.findClient(fresh.id), undefined)
        sameRecord(await store.findClient(known.id), known)
        deepEqual(await store.listResources(), [])
        equal(await store.declarations.find('client', fresh.id), undefined)
        equal((await sizes(store))['events'] ?? 0, 0)
      }),
    )
    it(
      'A-GOV-07 lets one of 8 parallel changes of the same client win',
      withStore(async (store) => {
        const known = client()
        await store.admin.createClient(known, [])
        const edit = (index: number) => ({ ...known, version: 2, name: `edit ${index}` })
        const answers = await together(8, (index) =>
          store.declarations.apply({ ...nothing, updateClients: [edit(index)] }, [event()]),
        )
        sameRecord(await store.findClient(known.id), edit(exactlyOne(answers, (answer) => answer)))
        equal((await sizes(store))['events'], 1)
      }),
    )
    it(
      'A-GOV-02 makes, renews and ends exceptions in the same transaction, or writes nothing at all',
      withStore(async (store) => {
        const [fresh, known] = [client(), client()]
        await store.admin.createClient(known, [])
        const made = exception(fresh.id)
        const other = exception(known.id)
        const change: DeclaredChange = { ...nothing, createClients: [fresh], createExceptions: [made, other] }
        equal(await store.declarations.apply(change, [event()]), true)
        sameRecord(await store.exceptions.find(made.id), made)
        equal((await store.exceptions.inForce(known.id, start))?.id, other.id)
        const renewal = { id: made.id, acceptedBy: 'Somebody Else', deadline: later(900), at: later(5) }
        const end = { id: other.id, at: later(6) }
        const next = { ...nothing, renewExceptions: [renewal], revokeExceptions: [end] }
        equal(await store.declarations.apply(next, [event()]), true)
        const renewed = { ...made, acceptedBy: 'Somebody Else', deadline: later(900), renewedAt: later(5) }
        sameRecord(await store.exceptions.find(made.id), renewed)
        equal(await store.exceptions.inForce(known.id, later(6)), undefined)
        const saveResources = [resource(unique('https://rs.test/'))]
        const stale: Partial<DeclaredChange>[] = [
          { renewExceptions: [renewal] },
          { revokeExceptions: [end] },
          { createExceptions: [exception(fresh.id)] },
          { createExceptions: [exception('client_of_nobody')] },
          { createExceptions: [{ ...exception(known.id), id: made.id }] },
          { createExceptions: [exception(known.id), exception(known.id)] },
        ]
        for (const one of stale)
          equal(await store.declarations.apply({ ...nothing, saveResources, ...one }, [event()]), false)
        deepEqual(await store.listResources(), [])
        equal((await sizes(store))['events'], 2)
      }),
    )
    it(
      'A-GOV-01 lets one of 8 parallel changes give a client its exception',
      withStore(async (store) => {
        const known = client()
        await store.admin.createClient(known, [])
        const answers = await together(8, () =>
          store.declarations.apply({ ...nothing, createExceptions: [exception(known.id)] }, [event()]),
        )
        exactlyOne(answers, (answer) => answer)
        equal((await everyPage((after, limit) => store.exceptions.list(after, limit))).length, 1)
      }),
    )
    it(
      'A-GOV-07 lists marks in pages, renames them and takes them away',
      withStore(async ({ declarations }) => {
        const ids = [unique('client'), unique('client'), unique('client')].sort()
        await declarations.apply({ ...nothing, own: ids.map((id) => mark(id)) }, [])
        await declarations.apply({ ...nothing, own: [mark(ids[0] ?? '', 'blog')] }, [])
        const first = await declarations.list('client', undefined, 2)
        equal(first.items.length, 2)
        const all = await everyPage((after, limit) => declarations.list('client', after, limit))
        deepEqual(
          all.map(({ id, name }) => [id, name]),
          [
            [ids[0], 'blog'],
            [ids[1], 'shop'],
            [ids[2], 'shop'],
          ],
        )
        await declarations.apply({ ...nothing, disown: ids.map((id) => mark(id)) }, [])
        deepEqual((await declarations.list('client', undefined, 10)).items, [])
        deepEqual((await declarations.list('resource', undefined, 10)).items, [])
      }),
    )
  })
}
