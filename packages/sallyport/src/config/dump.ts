import { configVersion } from './file.ts'
import type { Resolved } from './load.ts'

const mask = '********'

const shown = ({ setting, value }: Resolved): unknown => {
  if (value === undefined) return undefined
  return setting.secret ? mask : setting.kind.write(value)
}

/** Every setting with its value; secrets are masked. */
export function dumpRecord(settings: readonly Resolved[], withOrigin: boolean): Record<string, unknown> {
  const records = settings.map((resolved) => ({
    key: resolved.setting.key,
    value: shown(resolved) ?? null,
    ...(withOrigin ? { origin: resolved.origin } : {}),
  }))
  return { settings: records }
}

/** The same as a file that could be read again, apart from the secrets. */
export function dumpText(settings: readonly Resolved[], withOrigin: boolean): string {
  const lines = [`version: ${configVersion}`]
  let group: string | undefined
  for (const resolved of settings) {
    const [first = '', second] = resolved.setting.key.split('.')
    const value = shown(resolved)
    // A group of which nothing is set would read as null.
    if (value !== undefined) {
      if (second !== undefined && group !== first) lines.push(`${first}:`)
      group = second === undefined ? undefined : first
    }
    const name = second === undefined ? first : `  ${second}`
    const written = value === undefined ? `# ${resolved.setting.key} is not set` : `${name}: ${JSON.stringify(value)}`
    lines.push(withOrigin ? `${written} # ${resolved.origin}` : written)
  }
  return lines.join('\n')
}
