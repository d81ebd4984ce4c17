/** A value of the effective policy. `null` stands for "no limit" in lists. */
export type Value = string | number | boolean | readonly string[] | null

export type Values = Readonly<Record<string, Value>>

/** What really holds, worked out from policy and registration: not what was written, but what it comes to. */
export type EffectivePolicy = {
  /** By the key of the setting. */
  readonly policy: Values
  /** By the name in the file. */
  readonly clients: Readonly<Record<string, Values>>
  readonly resources: Readonly<Record<string, Values>>
  /** Those whose deadline lies ahead. */
  readonly exceptions: Readonly<Record<string, Values>>
}
