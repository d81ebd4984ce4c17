import { writeFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { configSchema } from '../src/config/json-schema.ts'
import { loadSettings, type Loaded } from '../src/config/load.ts'
import { flagLayer } from '../src/config/layers.ts'
import { createScratch } from './cli.ts'

const scratch = createScratch()
afterAll(() => {
  scratch.remove()
})

let files = 0
function load(...texts: readonly string[]): Promise<Loaded> {
  const paths = texts.map((text) => {
    const path = scratch.path(`declared-${files++}.yaml`)
    writeFileSync(path, `version: 1\n${text}`)
    return path
  })
  return loadSettings({ flags: flagLayer({}), files: paths, profile: undefined, environment: { HOST: 'shop.example' } })
}

async function faults(text: string): Promise<string[]> {
  const loaded = await load(text)
  return loaded.faults.map(({ key, problem, fix }) => `${key}: ${problem}; ${fix}`)
}

const shop = (more = ''): string =>
  `clients:\n  shop:\n    type: web\n    name: Shop\n    redirectUris: [https://shop.example/cb]\n${more}`

describe('declared clients and resources', () => {
  it('A-GOV-07 are read with their places, their durations and what is filled in', async () => {
    const text = shop(
      '    accessTokenLifetime: 2m\n    clientUri: https://${env:HOST}/\n    secretFile: /run/secrets/shop\n',
    )
    const { declarations, faults: none } = await load(text)
    expect(none).toEqual([])
    const [client] = declarations.clients
    expect(client?.registration).toEqual({
      type: 'web',
      name: 'Shop',
      redirectUris: ['https://shop.example/cb'],
      accessTokenLifetime: 120,
      clientUri: 'https://shop.example/',
    })
    expect(client?.origin).toMatch(/\.yaml:3$/)
    expect(client?.places['accessTokenLifetime']).toMatch(/\.yaml:7$/)
    expect(client?.secret).toEqual({ scheme: 'file', name: '/run/secrets/shop' })
  })

  it('A-TOK-16 have an id that follows from their name, the same everywhere', async () => {
    const ids = async (text: string) => (await load(text)).declarations.clients.map(({ id }) => id)
    const [one] = await ids(shop())
    expect(one).toMatch(/^client_[\w-]{22}$/)
    expect(await ids(shop('    firstParty: true\n'))).toEqual([one])
    expect(await ids(shop().replace('  shop:', '  shop2:'))).not.toEqual([one])
    expect(await ids(shop().replace('  shop:', '  client_AAAAAAAAAAAAAAAAAAAAAA:'))).toEqual([
      'client_AAAAAAAAAAAAAAAAAAAAAA',
    ])
  })

  it('are replaced as a whole by an object of the same name in a later file', async () => {
    const { declarations } = await load(shop('    firstParty: true\n'), shop('    requireState: true\n'))
    expect(declarations.clients).toHaveLength(1)
    expect(declarations.clients[0]?.registration).not.toHaveProperty('firstParty')
  })

  it('A-PKCE-15, A-GOV-06 have nothing to set about PKCE', async () => {
    for (const member of ['requirePkce', 'pkceRequired', 'codeChallengeMethods', 'allowPlainPkce'])
      expect(await faults(shop(`    ${member}: false\n`))).toEqual([
        `clients.shop.${member}: PKCE with S256 is required of every client; there is nothing to set; remove it`,
      ])
  })

  it.each([
    [
      'an unknown member',
      shop('    redirectUri: [x]\n'),
      'redirectUri: is not a member of this object; did you mean redirectUris?',
    ],
    [
      'a value of another kind',
      shop('    firstParty: yes please\n'),
      'firstParty: has no value that it can take; write true or false',
    ],
    [
      'a list that is a text',
      shop('    allowedOrigins: https://a.example\n'),
      'allowedOrigins: has no value that it can take; write [first, second]',
    ],
    [
      'a secret in the file',
      shop('    secret: correct-horse-battery\n'),
      'secret: a secret does not stand in the file; write ${file:/path} or ${env:NAME}',
    ],
    [
      'two secrets',
      shop('    secret: ${env:X}\n    secretFile: /x\n'),
      'secret: stands beside secretFile; keep one of them',
    ],
    ['no type', 'clients:\n  shop:\n    name: Shop\n', 'type: is missing; add type'],
    [
      'a member called __proto__',
      shop('    __proto__: {firstParty: true}\n'),
      '__proto__: is not a member of this object; remove it',
    ],
  ])('A-GOV-07 refuse %s', async (_, text, message) => {
    expect(await faults(text)).toEqual([`clients.shop.${message}`])
  })

  it('A-GOV-07 refuse names that are none', async () => {
    expect(await faults('clients:\n  Shop 1:\n    type: web\n    name: S\n')).toHaveLength(1)
    expect(await faults('resources:\n  orders:\n    name: Orders\n')).toHaveLength(1)
    expect(await faults('clients: []\n')).toEqual([
      'clients: declares nothing; write each one below clients, indented under its name',
    ])
    expect(await faults('clients:\n  shop: web\n')).toHaveLength(1)
  })

  it('HH-08 follow aliases only so far', async () => {
    const bomb = Array.from(
      { length: 12 },
      (_, i) =>
        `b${i}: &b${i} [${Array(9)
          .fill(i === 0 ? 'x' : `*b${i - 1}`)
          .join(', ')}]`,
    )
    const text = `clients:\n  shop:\n    type: web\n    name: Shop\n    redirectUris: {${bomb.join(', ')}}\n`
    expect(await faults(text)).toEqual([
      'clients.shop.redirectUris: has no value that it can take; write [first, second]',
    ])
  })

  it('never turn a text that cannot be filled in into something else', async () => {
    expect(await faults(shop('    clientUri: https://${env:MISSING}/\n'))).toContain(
      'clients.shop.clientUri: the variable MISSING is not set; set MISSING',
    )
  })

  it('stand in the JSON Schema, member by member', () => {
    const schema = configSchema() as { properties: { clients: { additionalProperties: { properties: object } } } }
    const { properties } = schema.properties.clients.additionalProperties
    expect(Object.keys(properties)).toEqual(expect.arrayContaining(['type', 'redirectUris', 'secretFile', 'disabled']))
    expect(JSON.stringify(properties)).not.toMatch(/pkce|challenge/i)
  })
})
