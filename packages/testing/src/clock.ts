import { seconds, type Seconds } from '@sallyport/protocol'

/** A clock that only moves when it is told to. */
export type Clock = {
  readonly now: () => Seconds
  /** Moves by a number of seconds, fractions allowed, also backwards; tells the new instant. */
  readonly advance: (duration: number) => Seconds
  readonly set: (instant: number) => Seconds
}

/** Where a test clock stands at first: 2027-01-15T08:00:00Z. */
export const clockStart = seconds(1_800_000_000)

/** Makes a clock that stands still at `start`, in seconds since 1970-01-01T00:00:00Z. */
export function createClock(start: number = clockStart): Clock {
  let instant = seconds(start)
  // Kept to whole milliseconds, so that 59.9 plus 0.1 is 60.
  const move = (to: number): Seconds => (instant = seconds(Math.round(to * 1000) / 1000))
  return { now: () => instant, advance: (duration) => move(instant + duration), set: move }
}
