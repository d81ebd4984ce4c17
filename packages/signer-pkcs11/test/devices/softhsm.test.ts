import { chmodSync, copyFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { generateKeyPairSync } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { isJwsAlgorithm, signatureFits, type JwsAlgorithm } from '@sallyport/protocol'
import { ExternalKeyFault } from '@sallyport/server'
import { createPkcs11Key, openPkcs11Keys, type Pkcs11Keys, type TokenOptions } from '@sallyport/signer-pkcs11'
import { createTestIssuer, decodeJwt } from '@sallyport/testing'
import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newTokenFolder, type TokenFolder } from '../../../../scripts/softhsm.ts'
import { attribute } from '../../src/constants.ts'
import { Template } from '../../src/memory.ts'
import { findPrivateKey } from '../../src/objects.ts'
import { createSessions } from '../../src/sessions.ts'

const pin = '271828'
const names = { ES256: ['es', 'es-next'], RS256: ['rs'], PS256: ['ps'], Ed25519: ['ed'] } as const
const algorithms = Object.keys(names).filter(isJwsAlgorithm)
const pinned: { folder: TokenFolder; options: TokenOptions } = {} as never
const opened: Pkcs11Keys[] = []

function open(changes: Partial<Parameters<typeof openPkcs11Keys>[0]> = {}): Pkcs11Keys {
  const keys = openPkcs11Keys({ ...pinned.options, names, ...changes })
  opened.push(keys)
  return keys
}

/** A module is initialised once for a process: nobody else may hold on to it where it has to begin anew. */
async function closeAll(): Promise<void> {
  for (const keys of opened.splice(0)) await keys.close()
}

const faultOf = (work: Promise<unknown>): Promise<ExternalKeyFault> =>
  work.then(
    () => Promise.reject(new Error('nothing failed')),
    (error: unknown) => {
      if (error instanceof ExternalKeyFault) return error
      throw error
    },
  )

beforeAll(async () => {
  const folder = await newTokenFolder()
  // Read by the module in this very process when it is initialised.
  process.env['SOFTHSM2_CONF'] = folder.env.SOFTHSM2_CONF
  await folder.addToken('sallyport', pin)
  Object.assign(pinned, { folder, options: { module: folder.module, token: 'sallyport', pin } })
  for (const [alg, list] of Object.entries(names))
    for (const name of list) await createPkcs11Key(pinned.options, alg as JwsAlgorithm, name)
})

afterAll(async () => {
  await closeAll()
  rmSync(dirname(pinned.folder.tokens), { recursive: true, force: true })
})

describe('signatures of a token', () => {
  it.for(algorithms)('B-JWK-04 %s verifies, also when 64 are wanted at once of two sessions', async (alg) => {
    const key = await open().open(alg, names[alg as keyof typeof names][0])
    const inputs = Array.from({ length: 64 }, (_, index) => Buffer.from(`input ${index}`))
    const signatures = await Promise.all(inputs.map((input) => key.sign(input)))
    for (const [index, signature] of signatures.entries()) {
      const input = inputs[index] ?? Buffer.alloc(0)
      expect(signatureFits({ input, signature: Buffer.from(signature) }, { alg, key: key.publicKey })).toBe(true)
    }
  })

  it('FT-11 a module stays where it is while keys come and go and memory is collected', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    await closeAll()
    for (let round = 0; round < 20; round++) {
      const keys = open()
      const key = await keys.open('ES256', 'es')
      const signing = Promise.all(Array.from({ length: 8 }, () => key.sign(Buffer.from('x'))))
      collect()
      expect((await signing).map((signature) => signature.length)).toEqual(Array.from({ length: 8 }, () => 64))
      await closeAll()
    }
  })

  it('B-IDT-07, B-JWK-01 a server signs access tokens and ID Tokens with them, and a stranger verifies', async () => {
    const keys = open()
    const issuer = await createTestIssuer({ externalKeys: keys, algorithms, clients: ['K', 'P'] })
    const published = (await issuer.get('/oauth2/jwks')).json as unknown as JSONWebKeySet
    const set = createLocalJWKSet(published)
    expect(published.keys.map(({ alg }) => alg).toSorted()).toEqual(['ES256', 'Ed25519', 'PS256', 'RS256'])
    expect(JSON.stringify(published)).not.toMatch(/"[dpqk]"/)
    for (const alg of algorithms) {
      const client = await issuer.changeClient(issuer.clients.K, { idTokenAlgorithm: alg })
      const { accessToken, idToken } = await issuer.codeFlow({ client })
      expect(decodeJwt(idToken).header['alg']).toBe(alg)
      for (const token of [accessToken, idToken]) await compactVerify(token, set)
    }
    expect((await issuer.store.listSigningKeys()).map((key) => key.sealedPrivateKey.length)).toEqual([0, 0, 0, 0])
    await issuer.server.close()
  })

  it('B-JWK-02 the schedule takes the next key of the token, published before it signs', async () => {
    const issuer = await createTestIssuer({ externalKeys: open(), algorithms, clients: ['P'] })
    const kid = async () => decodeJwt((await issuer.codeFlow({ client: issuer.clients.P })).accessToken).header['kid']
    const first = await kid()
    issuer.clock.advance(89 * 86_400)
    // The others have no next key, which is no fault before somebody asks for one.
    await issuer.server.maintain()
    expect(await kid()).toBe(first)
    issuer.clock.advance(86_400)
    expect(await kid()).not.toBe(first)
    await issuer.server.close()
  })
})

describe('a token that goes away', () => {
  it('FT-08 no code is spent while it is gone, and it is found again when it comes back', async () => {
    await closeAll()
    const issuer = await createTestIssuer({ externalKeys: open(), algorithms, clients: ['P'] })
    const authorized = await issuer.authorize({ client: issuer.clients.P })
    const away = `${pinned.folder.tokens}-away`
    renameSync(pinned.folder.tokens, away)
    try {
      for (let attempt = 0; attempt < 3; attempt++) {
        const answer = await issuer.redeem(authorized)
        expect([answer.status, answer.json['error']]).toEqual([503, 'temporarily_unavailable'])
      }
    } finally {
      renameSync(away, pinned.folder.tokens)
    }
    for (const { message } of issuer.records.faults) expect(message).toMatch(/^cannot sign: /)
    await pause(1100)
    expect((await issuer.redeem(authorized)).status).toBe(200)
    await issuer.server.close()
  })
})

describe('what is wrong is said, with what to do', () => {
  it('AR-06 a wrong PIN is shown to the token once, and is in no message', async () => {
    await closeAll()
    const keys = open({ pin: '31415926' })
    const first = await faultOf(keys.open('ES256', 'es'))
    const again = await faultOf(keys.open('ES256', 'es'))
    expect(first.message).toContain('CKR_PIN_INCORRECT')
    expect(first.remedy).toContain('externalKeys.pin')
    expect(`${first.message}${first.remedy}${String(first.stack)}`).not.toContain('31415926')
    // The very same fault: the token was not asked a second time.
    expect(again).toBe(first)
    expect((await open().open('ES256', 'es')).publicKey.asymmetricKeyType).toBe('ec')
  })

  it('AR-06 names that lead nowhere', async () => {
    const missing = await faultOf(open().open('ES256', 'nobody'))
    expect([missing.message, missing.remedy]).toEqual([
      'there is no private key nobody on the token',
      'make it, or correct its name',
    ])
    const token = await faultOf(open({ token: 'another' }).open('ES256', 'es'))
    expect(token.message).toBe('there is no token with the label another, only sallyport')
    await pinned.folder.addToken('twin', pin)
    await pinned.folder.addToken('twin', pin)
    await closeAll()
    expect((await faultOf(open({ token: 'twin' }).open('ES256', 'es'))).message).toBe('two tokens have the label twin')
  })

  it('B-JWK-09 two keys of one name, and a key of another kind than its algorithm', async () => {
    const file = join(dirname(pinned.folder.tokens), 'imported.pem')
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    writeFileSync(file, privateKey.export({ format: 'pem', type: 'pkcs8' }))
    await pinned.folder.importKey('sallyport', pin, file, 'imported', 'a1')
    await pinned.folder.importKey('sallyport', pin, file, 'imported', 'a2')
    await closeAll()
    expect((await faultOf(open().open('RS256', 'imported'))).message).toBe('two private keys have the name imported')
    const wrong = createTestIssuer({ externalKeys: open({ names: { ES256: ['rs'] } }), algorithms: ['ES256'] })
    expect((await faultOf(wrong)).message).toContain('the key rs in pkcs11:token=sallyport is of no use for ES256')
  })

  it('AR-06 modules that cannot be meant are not loaded', async () => {
    const folder = join(dirname(pinned.folder.tokens), 'modules')
    mkdirSync(folder)
    const text = join(folder, 'text.so')
    writeFileSync(text, 'no library', { mode: 0o644 })
    const loose = join(folder, 'loose.so')
    copyFileSync(pinned.folder.module, loose)
    chmodSync(loose, 0o666)
    const problems: Record<string, string> = {
      [text]: 'cannot be loaded as a PKCS #11 module',
      [loose]: 'anybody can replace the module',
      [join(folder, 'none.so')]: 'there is no module at',
      [folder]: 'there is no module at',
      'libsofthsm2.so': 'is no absolute path',
    }
    for (const [module, problem] of Object.entries(problems))
      expect((await faultOf(open({ module }).open('ES256', 'es'))).message).toContain(problem)
  })
})

describe('keys that are made here', () => {
  it('B-JWK-09 sign, never leave the token, and never take the place of another', async () => {
    const fault = await faultOf(createPkcs11Key(pinned.options, 'ES256', 'es'))
    expect(fault.message).toBe('there is something with the name es on the token')
    const sessions = createSessions(pinned.options)
    const flags = await sessions.run(async (session, module) => {
      const handle = await findPrivateKey({ module, session }, 'es')
      const read = [attribute.sensitive, attribute.extractable, attribute.sign, attribute.private]
      const template = new Template(read.map((type) => [type, Buffer.alloc(1)]))
      await module.call('read', 'C_GetAttributeValue', session, handle, template, read.length)
      return read.map((_, index) => template.value(index)?.[0])
    })
    await sessions.close()
    expect(flags).toEqual([1, 0, 1, 1])
  })
})
