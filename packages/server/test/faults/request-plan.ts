import fc from 'fast-check'

/**
 * What a random request is made of, as plain numbers: which of the values that mean something right now they choose is found
 * out when it is sent. Zero and nothing are always the plainest choice, so that a failure shrinks towards a good request.
 */
export type RequestPlan = {
  /** Below 50 the request is invented, else one that was sent is sent again. */
  readonly source: number
  readonly target: number
  /** Of a path below a folder, of an address of the network, of a shape of the parameters. */
  readonly choices: readonly number[]
  readonly method: number
  /** One for each parameter of the shape; what is not there is plain. */
  readonly values: readonly number[]
  /** One for each parameter beyond the shape. */
  readonly more: readonly number[]
  readonly headers: readonly number[]
  /** Damage to the query or body: one for each place. */
  readonly damage: readonly number[]
}

const most = 2 ** 31 - 1
const number = fc.nat(most)
const few = (maxLength: number): fc.Arbitrary<number[]> => fc.array(number, { maxLength, size: 'max' })

export const requestPlan: fc.Arbitrary<RequestPlan> = fc.noBias(
  fc.record({
    source: fc.nat(99),
    target: number,
    choices: few(3),
    method: number,
    values: few(9),
    more: fc.oneof({ weight: 9, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: few(3) }),
    headers: few(6),
    damage: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: few(4) }),
  }),
)

/** Reads several small numbers out of one number of a plan; when it is used up, the rest are zero. */
export type Digits = {
  /** A whole number from 0 up to and without `limit`. */
  readonly below: (limit: number) => number
  /** True in `percent` of a hundred cases, and never for zero. */
  readonly chance: (percent: number) => boolean
  readonly pick: <T>(list: readonly T[]) => T
}

export function digitsOf(given: number | undefined): Digits {
  let left = given ?? 0
  const below = (limit: number): number => {
    const digit = left % limit
    left = Math.floor(left / limit)
    return digit
  }
  return {
    below,
    chance: (percent) => below(100) >= 100 - percent,
    pick: (list) => {
      const chosen = list[below(list.length)]
      if (chosen === undefined) throw new RangeError('nothing to pick from')
      return chosen
    },
  }
}
