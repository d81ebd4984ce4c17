declare const unit: unique symbol

/** An instant (since 1970-01-01T00:00:00Z) or a duration, in seconds; fractions allowed, millisecond resolution. */
export type Seconds = number & { readonly [unit]: 'seconds' }

/** Marks a plain number of seconds as such. */
export const seconds = (value: number): Seconds => value as Seconds

/** The instant `duration` seconds after `instant`. */
export const after = (instant: Seconds, duration: number): Seconds => (instant + duration) as Seconds

/** The whole NumericDate of RFC 7519 section 2 for an instant; never later than the instant itself. */
export const numericDate = (instant: Seconds): number => Math.floor(instant)
