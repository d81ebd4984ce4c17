import type { ObjectChange, Plan } from './draft.ts'

const signs = { create: '+', update: '~', adopt: '~', remove: '-', forget: '-' } as const

const words = {
  create: 'is made',
  update: 'is changed',
  adopt: 'belongs to the file from now on',
  remove: 'left the file',
  forget: 'is gone already',
} as const

const value = (one: unknown): string => {
  const text = one === undefined ? 'nothing' : JSON.stringify(one)
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

const changeLines = ({ kind, name, id, action, differences }: ObjectChange): readonly string[] => [
  `${signs[action]} ${kind} ${name}${id === name ? '' : ` (${id})`} ${words[action]}`,
  ...differences.map(({ member, before, after }) => `    ${member}: ${value(before)} → ${value(after)}`),
]

export const planText = ({ changes }: Plan): string =>
  changes.length === 0 ? 'no difference' : changes.flatMap(changeLines).join('\n')

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
