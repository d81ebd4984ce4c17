import type { Finding } from './finding.ts'
import { areaOf, isRequirementId, type FinishedAreas, type Requirement } from './requirements.ts'
import type { TestName } from './test-names.ts'

export type TestFile = { readonly path: string; readonly tests: readonly TestName[] }

type Row = {
  readonly requirement: Requirement
  readonly state: 'tested' | 'missing' | 'waits' | 'open'
  readonly tests: readonly { readonly path: string; readonly count: number }[]
  readonly waitsFor?: string
}

export type Conformance = { readonly findings: readonly Finding[]; readonly table: string }

/** Joins requirements with the tests that name them: what is at fault, and the table for the reference. */
export function conformance(
  requirements: readonly Requirement[],
  finished: FinishedAreas,
  files: readonly TestFile[],
  finishedAreasPath: string,
): Conformance {
  const known = new Map(requirements.map((requirement) => [requirement.id, requirement]))
  const rows = requirements.map((requirement) => rowOf(requirement, finished, files))
  return {
    findings: [
      ...registerFindings(known, finished, finishedAreasPath),
      ...nameFindings(known, files),
      ...rows
        .filter(({ state }) => state === 'missing')
        .map(({ requirement }) => missing(requirement, finishedAreasPath)),
      ...rows.flatMap((row) => outdatedDeferral(row, finishedAreasPath)),
    ],
    table: tableOf(rows),
  }
}

const missing = ({ id }: Requirement, file: string): Finding => ({
  file,
  message: `${id} stands in a finished area, is core and has no test; a test name has to start with ${id}`,
})

function rowOf(requirement: Requirement, finished: FinishedAreas, files: readonly TestFile[]): Row {
  const tests = files
    .map(({ path, tests: all }) => ({ path, count: all.filter(({ ids }) => ids.includes(requirement.id)).length }))
    .filter(({ count }) => count > 0)
  const deferral = finished.deferred.find(({ id }) => id === requirement.id)
  const waits = deferral === undefined ? {} : { waitsFor: deferral.waitsFor }
  if (tests.length > 0) return { requirement, state: 'tested', tests, ...waits }
  if (deferral !== undefined) return { requirement, state: 'waits', tests, ...waits }
  return { requirement, state: isDue(requirement, finished) ? 'missing' : 'open', tests }
}

function isDue({ id, area, level }: Requirement, { areas }: FinishedAreas): boolean {
  const entry = areas.find((one) => one.area === area)
  if (entry === undefined || level !== 'core') return false
  return entry.only === undefined || entry.only.includes(id)
}

function outdatedDeferral({ requirement, tests, waitsFor }: Row, file: string): Finding[] {
  if (tests.length === 0 || waitsFor === undefined) return []
  return [{ file, message: `${requirement.id} is said to wait for ${waitsFor}, but has a test; take it off the list` }]
}

function registerFindings(
  known: ReadonlyMap<string, Requirement>,
  { areas, deferred }: FinishedAreas,
  file: string,
): Finding[] {
  const knownAreas = new Set([...known.keys()].map(areaOf))
  const ids = [...areas.flatMap(({ only }) => only ?? []), ...deferred.map(({ id }) => id)]
  return [
    ...areas
      .filter(({ area }) => !knownAreas.has(area))
      .map(({ area }) => ({ file, message: `${area} is not an area of the requirements` })),
    ...ids.filter((id) => !known.has(id)).map((id) => ({ file, message: `${id} is not a requirement` })),
  ]
}

function nameFindings(known: ReadonlyMap<string, Requirement>, files: readonly TestFile[]): Finding[] {
  return files.flatMap(({ path, tests }) =>
    tests.flatMap(({ title, line, ids, held }): Finding[] => [
      ...ids
        .filter((id) => isRequirementId(id) && !known.has(id))
        .map((id) => ({ file: path, line, message: `${id} is not a requirement: “${title}”` })),
      ...(held === undefined ? [] : [{ file: path, line, message: `.${held} keeps tests from running: “${title}”` }]),
    ]),
  )
}

function tableOf(rows: readonly Row[]): string {
  const areas = [...new Set(rows.map(({ requirement }) => requirement.area))]
  const shown = areas.filter((area) => rows.some((row) => row.requirement.area === area && row.state !== 'open'))
  const lines = [
    '# Requirements and their tests',
    '',
    'Written by `npm run check`. A row is *tested* when the name of at least one test starts with its id, *waits* when it',
    'needs a capability that does not exist yet, *open* when its area is not finished, *missing* when it should have a test.',
    '',
    '| Area | Requirements | Tested | Waits | Open | Missing |',
    '| --- | ---: | ---: | ---: | ---: | ---: |',
    ...areas.map((area) =>
      summaryRow(
        area,
        rows.filter(({ requirement }) => requirement.area === area),
      ),
    ),
    ...shown.flatMap((area) => [
      '',
      `## ${area}`,
      '',
      '| Id | Level | State | Tests |',
      '| --- | --- | --- | --- |',
      ...rows.filter(({ requirement }) => requirement.area === area).map(detailRow),
    ]),
  ]
  return `${lines.join('\n')}\n`
}

function summaryRow(area: string, rows: readonly Row[]): string {
  const count = (state: Row['state']) => rows.filter((row) => row.state === state).length
  return `| ${area} | ${rows.length} | ${count('tested')} | ${count('waits')} | ${count('open')} | ${count('missing')} |`
}

function detailRow({ requirement, state, tests, waitsFor }: Row): string {
  const places = tests.map(({ path, count }) => `[${path}](../../${path})${count > 1 ? ` ×${count}` : ''}`).join('<br>')
  const shown = state === 'waits' ? `waits for ${waitsFor}` : state
  return `| ${requirement.id} | ${requirement.level} | ${shown} | ${places} |`
}
