/** Characters that may stand in a quoted value without escapes (A-BEAR-09). */
const quotable = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

export function requireQuotable(name: string, value: string): void {
  if (!quotable.test(value)) throw new TypeError(`${name} must be printable ASCII without quotes and backslashes`)
}
