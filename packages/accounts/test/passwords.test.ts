import { OAuthError } from '@sallyport/protocol'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createGate } from '../src/passwords/gate.ts'
import { createPasswordHashes } from '../src/passwords/password-hash.ts'
import { passwordFault } from '../src/passwords/password-rules.ts'

const cheap = { memory: 64, passes: 1, lanes: 1 }

describe('password rules', () => {
  const refused: readonly (readonly [string, string])[] = [
    ['short1!', 'password_short'],
    ['password', 'password_common'],
    ['P@ssw0rd2024!', 'password_common'],
    ['iloveyou', 'password_common'],
    ['Sunshine99', 'password_common'],
    ['dragondragon', 'password_common'],
    ['sallyport1', 'password_common'],
    ['12345678', 'password_pattern'],
    ['87654321', 'password_pattern'],
    ['qwertyuiop12', 'password_common'],
    ['asdfghjkl;12', 'password_pattern'],
    ['1qaz2wsx', 'password_pattern'],
    ['abcabcabc', 'password_pattern'],
    ['zzzzzzzzzzzz', 'password_pattern'],
    ['alice.smith', 'password_username'],
    ['Alice.Smith42', 'password_username'],
    ['htims.ecila', 'password_username'],
  ]
  it.each(refused)('BF-14 refuses %s and says why', (password, fault) => {
    expect(passwordFault(password, 'alice.smith', ['Sallyport'])).toBe(fault)
  })

  it.each([
    'correct horse battery',
    'tr0mbone-lake',
    'Ünïcödé wörds',
    'x7Kq-mmP2-waLt',
    '🔑🗝️ seven oak doors',
    'y'.repeat(8) + 'mixed with more words',
  ])('BF-14 takes %s', (password) => {
    expect(passwordFault(password, 'alice.smith', ['Sallyport'])).toBeUndefined()
  })

  it('BF-12 refuses more than 1024 characters, however many bytes they are', () => {
    expect(passwordFault('é🔑'.repeat(512), 'alice.smith', [])).toBe('password_pattern')
    expect(passwordFault(`${'é🔑'.repeat(512)}x`, 'alice.smith', [])).toBe('password_long')
  })

  it('BF-14 looks at the name before the at sign of a user name as well', () => {
    expect(passwordFault('margarethe1', 'margarethe@example.com', [])).toBe('password_username')
  })
})

describe('password hashes', () => {
  it('A-RATE-02 hashes with argon2id and tells the right password, however its accents were typed', async () => {
    const hashes = createPasswordHashes(cheap)
    const encoded = await hashes.hash('Zo\u00eb of the gate')
    expect(encoded).toMatch(/^\$argon2id\$v=19\$m=64,t=1,p=1\$/)
    expect(await hashes.verify('Zoe\u0308 of the gate', encoded)).toBe(true)
    expect(await hashes.verify('Zoe of the gate', encoded)).toBe(false)
  })

  it('BF-05 answers false for an absent person, even for the password of the decoy', async () => {
    expect(await createPasswordHashes(cheap).verify('nobody', undefined)).toBe(false)
  })

  it('BF-12 finds hashes that were made with less effort', async () => {
    const encoded = await createPasswordHashes(cheap).hash('a long enough one')
    expect(createPasswordHashes(cheap).isOutdated(encoded)).toBe(false)
    expect(createPasswordHashes({ ...cheap, passes: 2 }).isOutdated(encoded)).toBe(true)
    expect(createPasswordHashes(cheap).isOutdated('$2b$12$something')).toBe(true)
  })

  it('BF-12 imports the hash library only when the first password comes', () => {
    const source = readFileSync(new URL('../src/passwords/password-hash.ts', import.meta.url), 'utf8')
    expect(source).not.toMatch(/^import (?!type ).*argon2/m)
    expect(source).toContain("import('@node-rs/argon2')")
  })
})

describe('gate', () => {
  it('BF-12 runs a bounded number at once, lets a bounded number wait and turns the rest away', async () => {
    const gate = createGate({ running: 2, waiting: 3 })
    const started: (() => void)[] = []
    let running = 0
    let most = 0
    const job = async (): Promise<string> => {
      most = Math.max(most, ++running)
      await new Promise<void>((resolve) => started.push(resolve))
      running--
      return 'done'
    }
    const jobs = Array.from({ length: 9 }, () => gate.run(job).catch((error: unknown) => error))
    await Promise.resolve()
    expect(() => gate.admit()).toThrow(OAuthError)
    for (let released = 0; released < 5; released++) {
      started.shift()?.()
      await new Promise((resolve) => setImmediate(resolve))
    }
    const answers = await Promise.all(jobs)
    expect(most).toBe(2)
    expect(answers.filter((answer) => answer === 'done')).toHaveLength(5)
    const refused = answers.filter((answer) => answer instanceof OAuthError)
    expect(refused).toHaveLength(4)
    expect(refused[0]).toMatchObject({ reason: 'overload', status: 503, headers: { 'retry-after': '2' } })
    expect(() => gate.admit()).not.toThrow()
  })

  it('BF-12 gives the place back after a failure', async () => {
    const gate = createGate({ running: 1, waiting: 0 })
    await expect(gate.run(async () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
    expect(await gate.run(async () => 'next')).toBe('next')
  })
})
