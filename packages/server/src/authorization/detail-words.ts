import type { Context } from '../context.ts'
import type { AuthorizationDetail, DetailInWords } from '../model/detail.ts'

type Row = DetailInWords['rows'][number]

/** Longest value that a page shows of what an application wrote; what is cut is seen to be cut (JR-16). */
const maxShown = 200

const shown = (text: string): string => (text.length > maxShown ? `${text.slice(0, maxShown)}…` : text)

/** Every value with the path to it: the page shows all that is asked for, also what nobody wrote words for. */
function rowsOf(value: unknown, path: string): readonly Row[] {
  if (Array.isArray(value)) {
    if (value.every((one) => typeof one !== 'object' || one === null))
      return [{ path, value: shown(value.map(String).join(', ')) }]
    return value.flatMap((one) => rowsOf(one, path))
  }
  if (typeof value !== 'object' || value === null) return [{ path, value: shown(String(value)) }]
  return Object.entries(value).flatMap(([name, inner]) => rowsOf(inner, path === '' ? name : `${path}.${name}`))
}

/** Details with the words that the operator wrote for their types (B-RAR-03). */
export const detailsInWords = (ctx: Context, details: readonly AuthorizationDetail[]): readonly DetailInWords[] =>
  details.map((detail) => {
    const type = ctx.details.find(detail.type)
    const { type: name, ...fields } = detail
    return {
      detail,
      optional: type?.optional ?? false,
      words: type?.words ?? { en: { title: name } },
      rows: rowsOf(fields, ''),
    }
  })
