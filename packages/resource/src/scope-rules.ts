/** Which further scopes a scope stands for, such as `orders.write` for `orders.read`. */
export type ScopeImplications = Readonly<Record<string, readonly string[]>>

/** The scopes a token has, with everything they imply, over any number of steps. */
export function impliedScopes(granted: readonly string[], implications: ScopeImplications): ReadonlySet<string> {
  const all = new Set(granted)
  // A set grows while it is walked, and what is added is visited too.
  for (const scope of all) {
    if (!Object.hasOwn(implications, scope)) continue
    for (const implied of implications[scope] ?? []) all.add(implied)
  }
  return all
}
