import { writeFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { flagLayer } from '../src/config/layers.ts'
import { configOf, loadSettings, type Loaded } from '../src/config/load.ts'
import { createScratch, run } from './cli.ts'

const scratch = createScratch()
afterAll(() => {
  scratch.remove()
})

let files = 0
function load(text: string): Promise<Loaded> {
  const path = scratch.path(`details-${files++}.yaml`)
  writeFileSync(path, `version: 1\n${text}`)
  return loadSettings({ flags: flagLayer({}), files: [path], profile: undefined, environment: {} })
}

const payment = (more = '', schema = 'properties: { payee: { type: string, maxLength: 70 } }') => `authorizationDetails:
  types:
    - type: payment
      schema: { ${schema} }
      words: { en: { title: Send money once, fields: { payee: To } } }
${more}`

describe('types of authorization details in a file', () => {
  it('B-RAR-01 are read as the server wants them', async () => {
    const { resolved, faults } = await load(payment('      optional: true\n      narrowing: { payee: same }\n'))
    expect(faults).toEqual([])
    expect(configOf(resolved).authorizationDetails).toEqual([
      {
        type: 'payment',
        schema: { properties: { payee: { type: 'string', maxLength: 70 } } },
        words: { en: { title: 'Send money once', fields: { payee: 'To' } } },
        optional: true,
        narrowing: { payee: 'same' },
      },
    ])
  })

  it.for([
    ['a schema that does not compile', payment('', 'properties: { payee: { type: nothing } }'), 'does not compile'],
    ['an open schema', payment('', 'additionalProperties: true'), 'has to be closed'],
    ['a rule that there is not', payment('      narrowing: { payee: smaller }\n'), 'narrowing.payee'],
    ['a member that means nothing', payment('      narowing: {}\n'), 'did you mean narrowing?'],
    ['words without a title', payment().replace('title: Send money once, ', ''), 'title'],
  ] as const)('B-RAR-01 with %s are refused before anything starts', async ([, written, said]) => {
    const { faults } = await load(written)
    expect(faults.map(({ key }) => key)).toEqual(['authorizationDetails.types'])
    expect(faults[0]?.problem).toContain(said)
  })

  it('A-GOV-07, B-RAR-01 any change of a type is seen against the baseline', async () => {
    const folder = scratch.path('baseline')
    const file = scratch.path('checked.yaml')
    const check = async (text: string, ...more: string[]): Promise<readonly string[]> => {
      writeFileSync(file, `version: 1\nissuer: https://as.example\n${text}`)
      const words = ['config', 'check', '--config', file, '--baseline', folder, '--json', ...more]
      const { stdout } = await run(words)
      const { findings } = JSON.parse(stdout) as { findings: { rule: string; key: string }[] }
      return findings.filter(({ rule }) => rule === 'policy-regression').map(({ key }) => key)
    }
    await check(payment(), '--write-baseline')
    expect(await check(payment())).toEqual([])
    expect(await check(payment('      forMachines: true\n'))).toEqual(['policy authorizationDetails.types'])
  })
})
