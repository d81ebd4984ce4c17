import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './paths.ts'

/**
 * `core`: has to hold, and a finished area has a test for it. `profile`, `optional`: hold where they are switched on.
 * `reference`: a decision, a vector or a note that tests may name.
 */
export type Level = 'core' | 'profile' | 'optional' | 'reference'

export type Requirement = { readonly id: string; readonly level: Level; readonly area: string }

/** Areas whose every core requirement has a test, except the rows that are named here with a reason. */
export type FinishedAreas = {
  readonly areas: readonly { readonly area: string; readonly only?: readonly string[] }[]
  readonly deferred: readonly { readonly id: string; readonly waitsFor: string; readonly why: string }[]
}

export const requirementsFile = join(root, 'docs/reference/requirements.json')
export const finishedAreasFile = join(root, 'docs/reference/finished-areas.json')

const idPattern = /^[A-Z]{1,2}(-[A-Z]+)?-\d{2}$/

export const isRequirementId = (text: string): boolean => idPattern.test(text)

export const areaOf = (id: string): string => id.slice(0, id.lastIndexOf('-'))

export function readRequirements(): Requirement[] {
  return JSON.parse(readFileSync(requirementsFile, 'utf8')) as Requirement[]
}

export function readFinishedAreas(): FinishedAreas {
  return JSON.parse(readFileSync(finishedAreasFile, 'utf8')) as FinishedAreas
}

/** The requirements in the tables of one list: id, level and area, nothing of the text. */
export function requirementsIn(markdown: string): Requirement[] {
  return markdown.split('\n').flatMap((line) => {
    const cells = line.split('|').map((cell) => cell.trim())
    const id = cells[1] ?? ''
    return cells[0] === '' && isRequirementId(id)
      ? [{ id, level: levelOf(id, cells[2] ?? '', cells[3] ?? ''), area: areaOf(id) }]
      : []
  })
}

const references = ['B-CX', 'B-TV', 'B-WR']

function levelOf(id: string, second: string, third: string): Level {
  if (second === 'core' || second === 'profile' || second === 'optional') return second
  // The first list marks each row by its origin, mandatory, recommended or chosen here; all three bind us. A threat binds as well.
  const binding = /^\[[MSP]\]/.test(third) || !references.includes(areaOf(id))
  return binding ? 'core' : 'reference'
}
