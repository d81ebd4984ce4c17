import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { expectPage, expectTokens } from '../../server/test/fixtures.ts'
import { documentIssuer, documentUrl, goodDocument, type DocumentIssuer } from '../../server/test/documents.ts'
import { claimIssuer, openStore } from '../src/workplace.ts'
import { createScratch, installationIn, type Installation } from './cli.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const scratch = createScratch()
const redirectUri = 'http://127.0.0.1/callback'
let place: Installation
let store: Awaited<ReturnType<typeof openStore>>
let server: DocumentIssuer

beforeAll(async () => {
  place = installationIn(scratch.folder)
  store = await openStore(place.store, { migrate: true })
  await claimIssuer(store, 'https://as.test')
  server = await documentIssuer({ store, metadataDocuments: { accept: 'review' } })
  server.host.body = JSON.stringify({ ...goodDocument, redirect_uris: [redirectUri] })
})
afterAll(async () => {
  await store.close()
  scratch.remove()
})

const ask = () =>
  server.issuer.authorize({ client: { ...server.client, redirectUri }, parameters: { redirect_uri: redirectUri } })

/** Past the time for which a running server keeps a record in memory, and past the freshness of the copy. */
const later = (): void => {
  server.issuer.clock.advance(61)
}

describe('a client that is a document and returns to the same machine', () => {
  it('A-PPID-04, A-CIMD-12, A-GOV-05 is let in, stopped, let in again and written about by commands', async () => {
    expectPage(await ask(), 'document_review')
    await place.json(['client', 'update', '--enable', documentUrl])
    later()
    expectTokens(await server.issuer.redeem(await ask()))
    await place.json(['client', 'contain', documentUrl, '--yes'])
    later()
    expectPage(await ask(), 'document_review')
    await place.json(['client', 'update', '--enable', documentUrl])
    await place.json(['client', 'update', '--owner', 'Team A', '--first-party', '--require-state', documentUrl])
    later()
    expectTokens(await server.issuer.redeem(await ask()))
    // The document was fetched anew in between: what the operator said stands, and so does the sector.
    expect(await store.findClient(documentUrl)).toMatchObject({
      ...{ owner: 'Team A', firstParty: true, requireState: true, subjectType: 'pairwise' },
      documentFreshUntil: server.issuer.clock.now() + 60,
    })
    const { code, stderr } = await place.run(['client', 'update', '--name', 'Mine', documentUrl])
    expect([code, stderr]).toEqual([2, expect.stringContaining('what the document of the client says')])
    await place.json(['client', 'update', '--disable', documentUrl])
    later()
    expectPage(await ask(), 'document_review')
  })

  it('A-PPID-04, A-GOV-07 is no error of config check', async () => {
    const { code, stdout } = await place.run(['config', 'check', '--issuer', 'https://as.test', '--json'])
    const { findings } = JSON.parse(stdout) as { findings: { rule: string; key: string }[] }
    expect(findings.filter(({ key }) => key.includes(documentUrl))).toEqual([])
    expect(code).toBe(0)
  })
})
