/**
 * Parameters of a request. An array is sent as repeated parameters, an empty text as a parameter without a value, and
 * `undefined` not at all, so that a test can leave out one of a set.
 */
export type Parameters = Readonly<Record<string, string | readonly string[] | undefined>>

/** The parameters as application/x-www-form-urlencoded, in order. */
export function encodeParameters(parameters: Parameters): string {
  const form = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue
    for (const one of typeof value === 'string' ? [value] : value) form.append(name, one)
  }
  return form.toString()
}
