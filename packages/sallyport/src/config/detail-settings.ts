import { createDetailTypes, DetailTypeError, type DetailType } from '@sallyport/server'
import { recordList } from './record-list.ts'
import { setting } from './setting.ts'

function faultOf(types: readonly DetailType[]): string | undefined {
  try {
    createDetailTypes(types)
    return undefined
  } catch (error) {
    if (error instanceof DetailTypeError) return error.message
    throw error
  }
}

/** Types of authorization details (RFC 9396). */
export const detailTypes = setting(
  'authorizationDetails.types',
  recordList<DetailType>({
    members: {
      type: 'text',
      schema: 'any',
      words: 'any',
      narrowing: 'any',
      optional: 'flag',
      resources: 'texts',
      forMachines: 'flag',
    },
    required: ['type', 'schema', 'words'],
    judge: faultOf,
    fix: 'write type, schema, and words with a title for each language, and where needed narrowing, optional, resources, forMachines',
  }),
  'What clients may ask for in authorization_details: each type with its JSON Schema, its words and how it is narrowed',
  { fallback: [] as readonly DetailType[] },
)
