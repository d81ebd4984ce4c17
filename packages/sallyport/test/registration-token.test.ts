import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createScratch, prepare, type Installation } from './cli.ts'

const scratch = createScratch()
let place: Installation
beforeAll(async () => {
  place = await prepare(scratch.folder)
  await place.json(['resource', 'create', 'https://api.example', '--name', 'API', '--scope', 'read=Read'])
})
afterAll(() => {
  scratch.remove()
})

const create = ['registration-token', 'create', '--label', 'A team']

describe('registration-token', () => {
  it('A-DCR-02 makes a token that is shown once, lists it and ends it', async () => {
    const made = await place.json([...create, '--uses', '3', '--scope', 'openid read'])
    expect(made).toMatchObject({ label: 'A team', uses: 3, used: 0, scope: 'openid read' })
    expect(made['token']).toMatch(/^[\w-]{43}$/)
    const listed = await place.run(['registration-token', 'list', '--json'])
    expect(listed.stdout).not.toContain(String(made['token']))
    const rows = (await place.json(['registration-token', 'list']))['registration_tokens'] as { id: string }[]
    expect(rows).toMatchObject([{ id: made['id'], state: 'good' }])
    expect(await place.json(['registration-token', 'revoke', String(made['id'])])).toMatchObject({ revoked: true })
    expect((await place.json(['registration-token', 'list']))['registration_tokens']).toEqual([])
    expect((await place.run(['registration-token', 'revoke', String(made['id'])])).code).not.toBe(0)
  })

  it('A-DCR-13 names the scope that an unknown one was meant for, and makes no token', async () => {
    const { stderr } = await place.run([...create, '--scope', 'openid raed'])
    expect(stderr).toContain('did you mean read?')
    expect((await place.json(['registration-token', 'list']))['registration_tokens']).toEqual([])
  })

  it.for([
    ['--uses', '0'],
    ['--uses', '10001'],
    ['--lifetime', '91d'],
    ['--lifetime', '1s'],
    ['--scope', 'two  spaces'],
    ['--scope', 'openid raed'],
  ])('A-DCR-02 refuses %s %s', async (options) => {
    const { code, stderr } = await place.run([...create, ...options])
    expect(code).toBe(2)
    expect(stderr).toContain(options[0])
  })
})
