import { describe, expect, it } from 'vitest'
import { documentIssuer, documentUrl, goodDocument, type DocumentIssuer } from '../documents.ts'
import { eventsOf, expectPage } from '../fixtures.ts'
import { outcome, plain, register } from './registrations.ts'

const bothDoors = (more: Parameters<typeof documentIssuer>[0] = {}): Promise<DocumentIssuer> =>
  documentIssuer({ registration: { mode: 'open', perNetwork: 1000, reservedNames: ['Sallyport'] }, ...more })

/** The same words at the endpoint and in a document. */
async function said({ issuer, host, ask }: DocumentIssuer, more: object) {
  host.body = JSON.stringify({ ...goodDocument, ...more })
  return { answer: await register(issuer, { ...plain, ...more }), asked: await ask() }
}

const refused: readonly object[] = [
  { tls_client_certificate_bound_access_tokens: true },
  { require_signed_request_object: true },
  { require_signed_request_object: 'yes' },
  { request_object_signing_alg: 'none' },
  { request_object_encryption_alg: 'RSA-OAEP' },
  { authorization_signed_response_alg: 'none' },
  { authorization_signed_response_alg: 'HS256' },
  { authorization_encrypted_response_alg: 'RSA1_5' },
  { authorization_encrypted_response_enc: 'A256GCM' },
  { response_modes: ['fragment', 'fragment.jwt'] },
  { response_modes: 'jwt' },
  { id_token_encrypted_response_alg: 'RSA-OAEP-256' },
  { userinfo_encrypted_response_alg: 'RSA-OAEP-256' },
  { id_token_signed_response_alg: 'none' },
  { id_token_signed_response_alg: 'HS256' },
  { userinfo_signed_response_alg: 'none' },
  { backchannel_logout_uri: 'javascript:alert(1)' },
  { backchannel_logout_uri: 'http://app.example.com/logout' },
  { initiate_login_uri: 'http://app.example.com/login' },
  { 'tos_uri#de': 'javascript:alert(1)' },
  { response_types: ['code', 'token'] },
  { response_types: ['code', 'code id_token'] },
  { grant_types: ['authorization_code', 'implicit'] },
  { grant_types: ['authorization_code', 'password'] },
  { grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'] },
  { grant_types: ['authorization_code', 'client_credentials'] },
  { grant_types: ['authorization_code', 'urn:example:of-another-server'] },
  { default_max_age: -1 },
  { default_max_age: '60' },
  { require_auth_time: 'yes' },
  { default_acr_values: 'urn:a' },
  { application_type: 'desktop' },
  { introspection_signed_response_alg: 'none' },
  { 'client_name#de': 7 },
  { 'client_name#de': 'a\u202eb' },
  { 'client_name#de': 'Sa11yport' },
  { client_name: 'Sallyport' },
  { client_name: 'Sa11yport' },
  { client_name: 'S\u0430llyport Login' },
  { require_pkce: false },
  { code_challenge_methods: ['plain'] },
]

describe('one set of rules at both doors that clients open themselves', () => {
  it.each(refused)('A-DCR-09, A-DCR-06, A-DCR-12, A-CIMD-04 refuses %o', async (more) => {
    const door = await bothDoors()
    const { answer, asked } = await said(door, more)
    expect(outcome(answer)).toBe('400 invalid_client_metadata')
    expectPage(asked, 'document_invalid')
    expect(await door.issuer.store.findClient(documentUrl)).toBeUndefined()
    const [event] = eventsOf(door.issuer, 'cimd.rejected', 'document_invalid')
    expect(event?.detail['reason_detail']).not.toBe('')
  })

  it.each([
    { tls_client_certificate_bound_access_tokens: false, require_signed_request_object: false },
    { require_pkce: true, code_challenge_method: 'S256' },
    { contacts: ['a@app.example.com'], software_id: 'x', software_version: '1', future_member: { a: [1] } },
    { response_types: ['code'], grant_types: ['authorization_code', 'refresh_token'] },
    { client_name: 'Sally' },
    { dpop_bound_access_tokens: true },
  ])('A-DCR-09, A-CIMD-04 takes %o', async (more) => {
    const { answer, asked } = await said(await bothDoors(), more)
    expect(outcome(answer)).toBe('201')
    expect(asked.code).not.toBe('')
  })

  it('A-DCR-09, A-CIMD-04 refuses tokens bound by proofs where proofs are not taken', async () => {
    const { answer, asked } = await said(await bothDoors({ policy: { dpop: false } }), {
      dpop_bound_access_tokens: true,
    })
    expect(outcome(answer)).toBe('400 invalid_client_metadata')
    expectPage(asked, 'document_invalid')
  })

  it('B-REG-02, A-CIMD-04 signs with the algorithm that was asked for', async () => {
    const door = await bothDoors()
    const { answer } = await said(door, { id_token_signed_response_alg: 'ES256' })
    expect(answer.json['id_token_signed_response_alg']).toBe('ES256')
    expect(await door.issuer.store.findClient(documentUrl)).toMatchObject({ idTokenAlgorithm: 'ES256' })
  })
})
