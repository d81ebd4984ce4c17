import type { ObjectChange, Plan } from './draft.ts'

const signs = { create: '+', update: '~', adopt: '~', remove: '-', forget: '-' } as const

const words = {
  create: 'is made',
  update: 'is changed',
  adopt: 'belongs to the file from now on',
  remove: 'left the file',
  forget: 'is gone already',
} as const

/** The same before anything was done. */
const planned: Readonly<Record<keyof typeof words, string>> = {
  create: 'would be made',
  update: 'would be changed',
  adopt: 'would belong to the file from then on',
  remove: 'left the file',
  forget: 'is gone already',
}

const value = (one: unknown): string => {
  const text = one === undefined ? 'nothing' : JSON.stringify(one)
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

const changeLines = ({ kind, name, id, action, differences }: ObjectChange, done: boolean): readonly string[] => [
  `${signs[action]} ${kind} ${name}${id === name ? '' : ` (${id})`} ${(done ? words : planned)[action]}`,
  ...differences.map(({ member, before, after }) => `    ${member}: ${value(before)} → ${value(after)}`),
]

export const planText = ({ changes }: Plan, done: boolean): string =>
  changes.length === 0 ? 'no difference' : changes.flatMap((change) => changeLines(change, done)).join('\n')

export const planRecords = ({ changes }: Plan): readonly Record<string, unknown>[] =>
  changes.map(({ kind, name, id, action, differences }) => ({
    kind,
    name,
    id,
    action,
    differences: differences.map(({ member, before, after }) => ({
      member,
      before: before ?? null,
      after: after ?? null,
    })),
  }))
