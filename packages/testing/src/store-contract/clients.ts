import { deepEqual, equal } from 'node:assert/strict'
import { exactlyOne, sameRecord, sizes, together, type ContractPart } from './assertions.ts'
import { family, ground, records } from './ground.ts'
import { client, consent, event, later, start, unique } from './records.ts'

/** Clients, resources and settings. */
export const clientContract: ContractPart = ({ describe, it }, withStore) => {
  describe('clients', () => {
    it(
      'AD-05 creates a client once',
      withStore(async (store) => {
        const one = client({ secrets: [{ id: 's', digest: 'd', createdAt: start, expiresAt: later(10) }] })
        const answers = await together(8, () => store.admin.createClient(one, [event()]))
        exactlyOne(answers, (answer) => answer)
        sameRecord(await store.findClient(one.id), one)
        equal(await store.findClient(unique('client')), undefined)
        equal((await sizes(store))['events'], 1)
      }),
    )
    it(
      'AD-05 lets one of 8 parallel edits of a version win',
      withStore(async (store) => {
        const one = client()
        await store.admin.createClient(one, [])
        const edit = (index: number) => ({ ...one, version: 2, name: `edit ${index}` })
        const answers = await together(8, (index) => store.admin.updateClient(edit(index), [event()]))
        sameRecord(await store.findClient(one.id), edit(exactlyOne(answers, (answer) => answer)))
        equal(await store.admin.updateClient({ ...one, version: 4 }, []), false)
        equal(await store.admin.updateClient(client({ version: 2 }), []), false)
        equal((await sizes(store))['events'], 1)
      }),
    )
    it(
      'A-CORS-03 knows the origins of clients that are not disabled',
      withStore(async (store) => {
        const one = client({ allowedOrigins: ['https://app.test', 'https://other.test'] })
        await store.admin.createClient(one, [])
        equal(await store.originRegistered('https://app.test'), true)
        equal(await store.originRegistered('https://app.tes'), false)
        await store.admin.updateClient({ ...one, version: 2, allowedOrigins: ['https://new.test'] }, [])
        equal(await store.originRegistered('https://app.test'), false)
        equal(await store.originRegistered('https://new.test'), true)
        await store.admin.updateClient(
          { ...one, version: 3, allowedOrigins: ['https://new.test'], disabledAt: start },
          [],
        )
        equal(await store.originRegistered('https://new.test'), false)
        await store.admin.updateClient({ ...one, version: 4, allowedOrigins: ['https://new.test'] }, [])
        await store.admin.deleteClient(one.id, start, [])
        equal(await store.originRegistered('https://new.test'), false)
      }),
    )
    it(
      'RT-13 ends everything of a client that is deleted, also when its id is used again',
      withStore(async (store) => {
        const on = await ground(store)
        const { authorization, token } = await family(store, on, { consent: consent(on.session.subject, on.client.id) })
        const answers = await together(4, () => store.admin.deleteClient(on.client.id, later(1), [event()]))
        exactlyOne(answers, (answer) => answer)
        equal(await store.findClient(on.client.id), undefined)
        equal(await store.findConsent(on.session.subject, on.client.id, start), undefined)
        await store.admin.createClient(on.client, [])
        equal((await store.findRefreshToken(token.digest))?.ended, 'authorization_revoked')
        equal(await store.redeem({ kind: 'refresh_token', digest: token.digest }, records(undefined), start), false)
        equal(
          await store.tokenStands({ jti: 'j', authorizationId: authorization.id, clientId: on.client.id }, start),
          false,
        )
        equal((await sizes(store))['events'], 1)
      }),
    )
    it(
      'A-RES-01 replaces a resource and lists all in order',
      withStore(async (store) => {
        const [two, one] = [unique('https://rs.test/'), unique('https://rs.test/')].sort().reverse()
        const resource = {
          id: one ?? '',
          name: 'One',
          scopes: [{ name: 'read', description: 'Read' }],
          accessTokenLifetime: 60,
          format: 'opaque',
          binding: 'bearer',
          signingAlgorithm: 'PS256',
          documentation: 'https://rs.test/docs',
          notByDevice: ['read'],
        } as const
        await store.admin.saveResource({ ...resource, id: two ?? '' }, [])
        await store.admin.saveResource({ ...resource, name: 'Old' }, [])
        await store.admin.saveResource(resource, [event()])
        sameRecord(await store.findResource(resource.id), resource)
        equal(await store.findResource('https://none.test'), undefined)
        deepEqual(
          (await store.listResources()).map(({ id }) => id),
          [one, two],
        )
        exactlyOne(await together(8, () => store.admin.removeResource(resource.id, [event()])), Boolean)
        equal(await store.findResource(resource.id), undefined)
        equal((await store.listResources()).length, 1)
        equal((await sizes(store))['events'], 2)
      }),
    )
    it(
      'FT-19 writes a setting only over the expected value',
      withStore(async (store) => {
        equal(await store.admin.readSetting('issuer'), undefined)
        exactlyOne(
          await together(8, (index) => store.admin.writeSetting('issuer', `${index}`, undefined)),
          (answer) => answer,
        )
        const value = await store.admin.readSetting('issuer')
        equal(await store.admin.writeSetting('issuer', 'new', 'another'), false)
        equal(await store.admin.writeSetting('issuer', 'new', value), true)
        equal(await store.admin.readSetting('issuer'), 'new')
      }),
    )
  })
}
