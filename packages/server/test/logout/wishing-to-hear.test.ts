import { ClientMetadataError, registerClient, type ClientRegistration } from '@sallyport/server'
import { describe, expect, it } from 'vitest'
import { documentIssuer, documentUrl, goodDocument } from '../documents.ts'
import { expectPage, newIssuer } from '../fixtures.ts'
import { manage, openIssuer, outcome, plain, register } from '../registration/registrations.ts'

const uri = 'https://tool.example/logout?by=op'
const wish = { backchannel_logout_uri: uri, backchannel_logout_session_required: true }

/** Members that an operator's registration is refused for. */
function refusedMembers(more: Partial<ClientRegistration>, development = false): readonly string[] {
  const random = { handle: () => 'h', id: () => 'i' } as unknown as Parameters<typeof registerClient>[1]['random']
  const registration: ClientRegistration = {
    type: 'spa',
    name: 'A tool',
    redirectUris: ['https://tool.example/cb'],
    ...more,
  }
  try {
    registerClient(registration, { development, now: 0 as never, random, secretLifetime: 60 })
    return []
  } catch (error) {
    if (!(error instanceof ClientMetadataError)) throw error
    return error.faults.map(({ member }) => member)
  }
}

describe('an application that wants to hear of ended sessions', () => {
  it('B-LOG-08 finds in the metadata that it can', async () => {
    const { json } = await (await newIssuer()).get('/.well-known/openid-configuration')
    expect(json).toMatchObject({ backchannel_logout_supported: true, backchannel_logout_session_supported: true })
    expect(json['claims_supported']).toContain('sid')
  })

  it('B-LOG-08, A-DCM-04 says so when it registers itself, is told what holds, and takes it back', async () => {
    const issuer = await openIssuer()
    const made = await register(issuer, { ...plain, ...wish })
    expect(made.json).toMatchObject(wish)
    const { client_id: id, registration_access_token: token } = made.json
    expect(await issuer.store.findClient(String(id))).toMatchObject({
      backchannelLogoutUri: uri,
      backchannelLogoutSessionRequired: true,
    })
    const changed = await manage(issuer, 'PUT', id, token, { client_id: id, ...plain })
    expect([changed.status, changed.json['backchannel_logout_uri']]).toEqual([200, undefined])
    expect(changed.json['backchannel_logout_session_required']).toBe(false)
  })

  const bad = [
    'http://tool.example/logout',
    'https://tool.example/logout#part',
    'https://user@tool.example/logout',
    'https://tool.example:22/logout',
    'com.example.tool:/logout',
    '/logout',
    'https://tool.example\\@evil.example/',
  ]
  it.for(bad)('B-LOG-08, B-REG-07 is refused %s at every door', async (backchannel_logout_uri) => {
    const answer = await register(await openIssuer(), { ...plain, backchannel_logout_uri })
    expect(outcome(answer)).toBe('400 invalid_client_metadata')
    const door = await documentIssuer()
    door.host.body = JSON.stringify({ ...goodDocument, backchannel_logout_uri })
    expectPage(await door.ask(), 'document_invalid')
    expect(refusedMembers({ backchannelLogoutUri: backchannel_logout_uri })).toEqual(['backchannelLogoutUri'])
  })

  it('B-LOG-08 says by true or false whether it needs the session', async () => {
    const issuer = await openIssuer()
    const more = { backchannel_logout_uri: uri, backchannel_logout_session_required: 'true' }
    expect(outcome(await register(issuer, { ...plain, ...more }))).toBe('400 invalid_client_metadata')
    expect(refusedMembers({ backchannelLogoutSessionRequired: true })).toEqual(['backchannelLogoutSessionRequired'])
    const alone = await register(issuer, { ...plain, backchannel_logout_session_required: true })
    expect([alone.status, alone.json['backchannel_logout_session_required']]).toEqual([201, false])
  })

  const frame = (address: string) => ({ frontchannel_logout_uri: address, frontchannel_logout_session_required: true })
  it.for([
    'http://tool.example/forget',
    'https://other.example/forget',
    'https://tool.example:8443/forget',
    'https://tool.example/forget#part',
    'javascript:alert(1)',
  ])('B-LOG-13 is refused %s as a frame at every door', async (address) => {
    expect(outcome(await register(await openIssuer(), { ...plain, ...frame(address) }))).toBe(
      '400 invalid_client_metadata',
    )
    const door = await documentIssuer()
    door.host.body = JSON.stringify({ ...goodDocument, ...frame(address) })
    expectPage(await door.ask(), 'document_invalid')
    expect(refusedMembers({ frontchannelLogoutUri: address })).toEqual(['frontchannelLogoutUri'])
  })

  it('B-LOG-13 has its frame where its redirect URI is', async () => {
    const made = await register(await openIssuer(), { ...plain, ...frame('https://tool.example/forget') })
    expect([made.status, made.json]).toEqual([201, expect.objectContaining(frame('https://tool.example/forget'))])
    expect(refusedMembers({ frontchannelLogoutSessionRequired: true })).toEqual(['frontchannelLogoutSessionRequired'])
  })

  it('B-LOG-08 on this machine only where the issuer is on it too', () => {
    const here = { backchannelLogoutUri: 'http://127.0.0.1:8080/logout' }
    expect([refusedMembers(here), refusedMembers(here, true)]).toEqual([['backchannelLogoutUri'], []])
  })

  it('B-LOG-08, A-CIMD-06 in a document names an address of the same origin', async () => {
    const door = await documentIssuer()
    const said = (host: string) => ({ ...goodDocument, ...wish, backchannel_logout_uri: `https://${host}/logout` })
    door.host.body = JSON.stringify(said('other.example.com'))
    expectPage(await door.ask(), 'document_invalid')
    const other = await documentIssuer()
    other.host.body = JSON.stringify(said('app.example.com'))
    expect((await other.ask()).code).not.toBe('')
    expect(await other.issuer.store.findClient(documentUrl)).toMatchObject({
      backchannelLogoutUri: 'https://app.example.com/logout',
      backchannelLogoutSessionRequired: true,
    })
  })
})
