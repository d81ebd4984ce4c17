import { clientTypes, registrationMembers, subjectTypes, tokenBindings, tokenFormats } from '@sallyport/server'
import { jwsAlgorithms } from '@sallyport/protocol'
import { configVersion } from './file.ts'
import { settings, type AnySetting } from './settings.ts'
import { clientExtras, clientShapes, exceptionShapes, resourceShapes, shapeRules, type Shape } from './shapes.ts'

type Schema = { readonly [member: string]: unknown }

const placeholder = { type: 'string', pattern: String.raw`\$\{(env|file):[^}]+\}` }

function describe({ kind, about, fallback, secret }: AnySetting): Schema {
  const written = fallback === undefined ? undefined : kind.write(fallback)
  return {
    description: about,
    // Text with a placeholder can stand for any value.
    anyOf: [kind.schema, placeholder],
    ...(written === undefined || secret ? {} : { default: written }),
  }
}

const object = (properties: Schema, more: Schema = {}): Schema => ({
  type: 'object',
  additionalProperties: false,
  properties,
  ...more,
})

const members = (shapes: Readonly<Record<string, Shape>>): Record<string, Schema> =>
  Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, shapeRules[shape].schema]))

/** Objects by the name they are declared under. */
function declarations(): Record<string, Schema> {
  const known = Object.fromEntries(registrationMembers.map((name) => [name, clientShapes[name] ?? 'any'] as const))
  const client = {
    ...members({ ...known, ...clientExtras }),
    type: { enum: clientTypes },
    subjectType: { enum: subjectTypes },
  }
  const named = (description: string, one: Schema): Schema => ({
    description,
    type: 'object',
    additionalProperties: one,
  })
  return {
    clients: named('Applications, by name', object(client, { required: ['type', 'name'] })),
    exceptions: named(
      'Dated exceptions from PKCE of single clients, by name',
      object(members(exceptionShapes), { required: Object.keys(exceptionShapes) }),
    ),
    resources: named(
      'APIs that tokens can be issued for, by their URI',
      object({
        ...members(resourceShapes),
        format: { enum: tokenFormats },
        binding: { enum: tokenBindings },
        signingAlgorithm: { enum: Object.keys(jwsAlgorithms) },
      }),
    ),
  }
}

/** JSON Schema of the configuration file, for editors. */
export function configSchema(): Schema {
  const top: Record<string, Schema> = { version: { const: configVersion, description: 'Version of this file' } }
  const groups = new Map<string, Record<string, Schema>>()
  for (const setting of settings) {
    const [first = '', second] = setting.key.split('.')
    if (second === undefined) {
      top[first] = describe(setting)
      continue
    }
    const group = groups.get(first) ?? {}
    group[second] = describe(setting)
    groups.set(first, group)
  }
  for (const [name, properties] of groups) top[name] = object(properties)
  Object.assign(top, declarations())
  const dialect = 'https://json-schema.org/draft/2020-12/schema'
  return object(top, { $schema: dialect, title: 'sallyport.yaml', required: ['version'] })
}
