const secondsOf: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }
const bytesOf: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 * 1024, kB: 1000, MB: 1_000_000 }

function parseWith(units: Readonly<Record<string, number>>, written: unknown): number | undefined {
  if (typeof written === 'number') return Number.isInteger(written) && written >= 0 ? written : undefined
  const match = typeof written === 'string' ? /^(\d{1,12})([A-Za-z]{0,3})$/.exec(written) : null
  if (match === null) return undefined
  const unit = match[2] === undefined || match[2] === '' ? 1 : units[match[2]]
  return unit === undefined ? undefined : Number(match[1]) * unit
}

/** Seconds of `90`, `90s`, `10m`, `2h`, `30d` or `1w`; `undefined` when it is no duration. */
export const parseDuration = (written: unknown): number | undefined => parseWith(secondsOf, written)

/** Bytes of `65536`, `64KiB` or `1MiB`; `undefined` when it is no size. */
export const parseSize = (written: unknown): number | undefined => parseWith(bytesOf, written)

function writeWith(units: readonly (readonly [string, number])[], value: number): string {
  for (const [name, factor] of units) if (value > 0 && value % factor === 0) return `${value / factor}${name}`
  return `${value}${units.at(-1)?.[0] ?? ''}`
}

export const writeDuration = (seconds: number): string =>
  writeWith(
    [
      ['d', 86_400],
      ['h', 3600],
      ['m', 60],
      ['s', 1],
    ],
    seconds,
  )

export const writeSize = (bytes: number): string =>
  writeWith(
    [
      ['MiB', 1024 * 1024],
      ['KiB', 1024],
      ['B', 1],
    ],
    bytes,
  )
