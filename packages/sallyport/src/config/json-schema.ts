import { configVersion } from './file.ts'
import { settings, type AnySetting } from './settings.ts'

type Schema = { readonly [member: string]: unknown }

function describe({ kind, about, fallback, secret }: AnySetting): Schema {
  const written = fallback === undefined ? undefined : kind.write(fallback)
  return {
    description: about,
    // Text with a placeholder can stand for any value.
    anyOf: [kind.schema, { type: 'string', pattern: String.raw`\$\{(env|file):[^}]+\}` }],
    ...(written === undefined || secret ? {} : { default: written }),
  }
}

const object = (properties: Schema, more: Schema = {}): Schema => ({
  type: 'object',
  additionalProperties: false,
  properties,
  ...more,
})

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
  const dialect = 'https://json-schema.org/draft/2020-12/schema'
  return object(top, { $schema: dialect, title: 'sallyport.yaml', required: ['version'] })
}
