import { createRequire } from 'node:module'
import type { Ajv2020, ValidateFunction } from 'ajv/dist/2020.js'
import { narrowings, type AuthorizationDetail, type DetailType } from './model/detail.ts'

/** The types of authorization details that there are. */
export type DetailTypes = {
  readonly names: readonly string[]
  find(type: string): DetailType | undefined
  /** What is wrong with an entry, for operators; `undefined` when it fits its type. */
  fault(detail: AuthorizationDetail): string | undefined
}

/** A declaration that cannot be kept: which type, and why. */
export class DetailTypeError extends Error {
  constructor(type: string, problem: string) {
    super(`authorization details of type ${type}: ${problem}`)
    this.name = 'DetailTypeError'
  }
}

const typeSyntax = /^[A-Za-z0-9][\w.:/-]{0,99}$/
const languageSyntax = /^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*$/
const maxTypes = 100

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A schema in which every object that names its members has no others: what nobody thought of must not get through (JR-14). */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (!isObject(schema)) return schema
  const members = Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [
      name,
      name === 'const' || name === 'enum' || name === 'default' || name === 'examples' ? value : closed(value),
    ]),
  )
  const opens = isObject(schema['properties']) && !('additionalProperties' in schema)
  return opens ? { ...members, additionalProperties: false } : members
}

/** The schema of a whole entry, with its `type`. */
function schemaOf({ type, schema }: DetailType): object {
  const { properties = {}, required = [], additionalProperties, $id: _id, ...rest } = schema
  if (!isObject(properties)) throw new DetailTypeError(type, 'properties of the schema must be an object')
  if (!Array.isArray(required)) throw new DetailTypeError(type, 'required of the schema must be a list')
  if (additionalProperties !== undefined && additionalProperties !== false)
    throw new DetailTypeError(type, 'the schema has to be closed: additionalProperties can only be false')
  if (rest['type'] !== undefined && rest['type'] !== 'object')
    throw new DetailTypeError(type, 'the schema has to be one of an object')
  const whole = {
    ...rest,
    type: 'object',
    properties: { ...properties, type: { const: type } },
    required: [...new Set(['type', ...(required as readonly unknown[])])],
  }
  return closed(whole) as object
}

function requireSound({ type, schema, words, narrowing = {}, resources = [] }: DetailType): void {
  if (!typeSyntax.test(type)) throw new DetailTypeError(type.slice(0, 100), 'is no name of a type')
  const spoken = isObject(words) ? Object.entries(words) : []
  if (spoken.length === 0) throw new DetailTypeError(type, 'people have to be told of it: words are missing')
  for (const [language, said] of spoken) {
    if (!languageSyntax.test(language)) throw new DetailTypeError(type, `${language.slice(0, 50)} is no language`)
    const { title, fields = {} } = isObject(said) ? said : { title: '' }
    if (typeof title !== 'string' || title.trim() === '' || title.length > 200)
      throw new DetailTypeError(type, `words.${language}.title must have 1 to 200 characters`)
    if (!isObject(fields) || !Object.values(fields).every((name) => typeof name === 'string' && name !== ''))
      throw new DetailTypeError(type, `words.${language}.fields must name each field by its path`)
  }
  if (!isObject(schema)) throw new DetailTypeError(type, 'the schema must be an object')
  if (!isObject(narrowing)) throw new DetailTypeError(type, 'narrowing must name each field by its path')
  for (const [path, rule] of Object.entries(narrowing))
    if (!narrowings.includes(rule))
      throw new DetailTypeError(type, `narrowing.${path} is none of ${narrowings.join(', ')}`)
  if (resources.some((resource) => !URL.canParse(resource))) throw new DetailTypeError(type, 'resources must be URIs')
}

/** Loaded at once and only where there is a type: most servers have none. */
const validator = (): Ajv2020 => {
  const ajv = createRequire(import.meta.url)('ajv/dist/2020.js') as { readonly Ajv2020: typeof Ajv2020 }
  return new ajv.Ajv2020({ strict: true, strictRequired: false, validateFormats: false, ownProperties: true })
}

/** Checks and compiles the types. Throws DetailTypeError. */
export function createDetailTypes(types: readonly DetailType[] = []): DetailTypes {
  if (types.length > maxTypes) throw new DetailTypeError('', `there are more than ${maxTypes}`)
  const known = new Map<string, { readonly type: DetailType; readonly validate: ValidateFunction }>()
  if (types.length > 0) {
    const ajv = validator()
    for (const type of types) {
      requireSound(type)
      if (known.has(type.type)) throw new DetailTypeError(type.type, 'is declared twice')
      known.set(type.type, { type, validate: compiled(ajv, type) })
    }
  }
  return {
    names: [...known.keys()],
    find: (type) => known.get(type)?.type,
    fault(detail) {
      const entry = known.get(detail.type)
      if (entry === undefined) return 'unknown type'
      if (entry.validate(detail)) return undefined
      const [first] = entry.validate.errors ?? []
      // Where and which rule; never the value, which may be anybody's account number.
      return `${first?.instancePath.slice(0, 100) ?? ''} ${first?.keyword ?? 'schema'}`.trim()
    },
  }
}

function compiled(ajv: Ajv2020, type: DetailType): ValidateFunction {
  const schema = schemaOf(type)
  try {
    return ajv.compile(schema)
  } catch (cause) {
    throw new DetailTypeError(type.type, `the schema does not compile: ${cause instanceof Error ? cause.message : ''}`)
  }
}
