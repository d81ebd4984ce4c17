import { describe, expect, it } from 'vitest'
import { conformance } from '../conformance.ts'
import { requirementsIn, type FinishedAreas, type Requirement } from '../requirements.ts'
import { leadingIds, testNamesIn } from '../test-names.ts'

const core = (id: string): Requirement => ({ id, level: 'core', area: id.slice(0, -3) })
const requirements = [core('A-PKCE-01'), core('A-PKCE-02'), { ...core('B-OIDC-43'), level: 'optional' as const }]
const finished: FinishedAreas = { areas: [{ area: 'A-PKCE' }, { area: 'B-OIDC' }], deferred: [] }

const findings = (text: string, register: FinishedAreas = finished) =>
  conformance(
    requirements,
    register,
    [{ path: 'x.test.ts', tests: testNamesIn('x.test.ts', text) }],
    'areas.json',
  ).findings.map(({ file, line, message }) => `${file}${line === undefined ? '' : `:${line}`} ${message}`)

describe('requirement lists', () => {
  it('keeps id, level and area of table rows and nothing else', () => {
    const list = [
      '| id | source | requirement |',
      '| --- | --- | --- |',
      '| A-PKCE-01 | RFC 7636 | [M] text |',
      '| B-OIDC-43 | optional | OIDC | text |',
      '| PK-01 | threat | behaviour | event |',
      '| B-CX-01 | a question | an answer |',
      '| R01 | `https://app.test/cb` | accept |',
      'A-PKCE-02 in running text',
    ].join('\n')
    expect(requirementsIn(list)).toEqual([
      { id: 'A-PKCE-01', level: 'core', area: 'A-PKCE' },
      { id: 'B-OIDC-43', level: 'optional', area: 'B-OIDC' },
      { id: 'PK-01', level: 'core', area: 'PK' },
      { id: 'B-CX-01', level: 'reference', area: 'B-CX' },
    ])
  })
})

describe('test names', () => {
  it('reads every id at the start of a name, and none inside it', () => {
    expect(leadingIds('A-PKCE-01, PK-01 refuses what A-PKCE-02 accepts')).toEqual(['A-PKCE-01', 'PK-01'])
    expect(leadingIds('refuses A-PKCE-01')).toEqual([])
  })

  it('sees tests behind each, generators, templates and groups', () => {
    const text = [
      "it.each([1])('A-PKCE-01 of %i', () => {})",
      "test.prop([x])('A-PKCE-02 holds', () => {})",
      'it(`PK-01 ${name} is refused`, () => {})',
      "describe('PK-02 methods', () => { it('refuses plain', () => {}) })",
    ].join('\n')
    expect(testNamesIn('x.ts', text).map(({ ids, line }) => [line, ...ids])).toEqual([
      [1, 'A-PKCE-01'],
      [2, 'A-PKCE-02'],
      [3, 'PK-01'],
      [4, 'PK-02'],
    ])
  })
})

describe('requirements and tests', () => {
  it('finds a core requirement of a finished area without a test, and asks nothing for optional ones', () => {
    expect(findings("it('A-PKCE-01 refuses', () => {})")).toEqual([
      'areas.json A-PKCE-02 stands in a finished area, is core and has no test; a test name has to start with A-PKCE-02',
    ])
  })

  it('accepts a row that waits for a capability, until it has a test', () => {
    const waiting = { ...finished, deferred: [{ id: 'A-PKCE-02', waitsFor: 'PAR', why: 'no such endpoint yet' }] }
    expect(findings("it('A-PKCE-01 refuses', () => {})", waiting)).toEqual([])
    expect(findings("it('A-PKCE-01, A-PKCE-02 refuse', () => {})", waiting)).toEqual([
      'areas.json A-PKCE-02 is said to wait for PAR, but has a test; take it off the list',
    ])
  })

  it('asks only for the named rows of an area that is finished in part', () => {
    const part = { areas: [{ area: 'A-PKCE', only: ['A-PKCE-01'] }], deferred: [] }
    expect(findings("it('A-PKCE-01 refuses', () => {})", part)).toEqual([])
  })

  it('finds ids that do not exist and tests that are held back', () => {
    const text = "it('A-PKCE-01, A-PKCE-02, A-PKCE-99 x', () => {})\nit.skip('something', () => {})"
    expect(findings(text)).toEqual([
      'x.test.ts:1 A-PKCE-99 is not a requirement: “A-PKCE-01, A-PKCE-02, A-PKCE-99 x”',
      'x.test.ts:2 .skip keeps tests from running: “something”',
    ])
  })

  it('finds areas and rows in the register that do not exist', () => {
    const wrong = { areas: [{ area: 'A-NONE' }], deferred: [{ id: 'A-PKCE-77', waitsFor: 'x', why: 'y' }] }
    expect(findings('', wrong)).toEqual([
      'areas.json A-NONE is not an area of the requirements',
      'areas.json A-PKCE-77 is not a requirement',
    ])
  })
})
