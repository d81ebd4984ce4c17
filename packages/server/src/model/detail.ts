/** One entry of `authorization_details` (RFC 9396 section 2), checked against the schema of its type. */
export type AuthorizationDetail = Readonly<Record<string, unknown>> & { readonly type: string }

/**
 * How a field of a narrower request compares with what was granted: it is the same, it is a part of the list, or it is no
 * larger (a number, or a decimal number written as text).
 */
export const narrowings = ['same', 'subset', 'at_most'] as const
export type Narrowing = (typeof narrowings)[number]

/** What the consent page says of a detail in one language: a heading, and a name for each field by its path, such as `amount.value`. */
export type DetailWords = { readonly title: string; readonly fields?: Readonly<Record<string, string>> | undefined }

/** A type of authorization details: what may be asked for, how it is compared, and how people are told of it. */
export type DetailType = {
  /** The value of `type`. */
  readonly type: string
  /** JSON Schema (2020-12) of an object of this type. It is closed: what it does not name is refused. */
  readonly schema: Readonly<Record<string, unknown>>
  /** By BCP 47 tag of the page's language; the first is for all languages that are not here. */
  readonly words: Readonly<Record<string, DetailWords>>
  /** By the path of a field; one that is not here has to stay the same. */
  readonly narrowing?: Readonly<Record<string, Narrowing>> | undefined
  /** The person may leave one out and allow the others; false when left out. */
  readonly optional?: boolean | undefined
  /** Identifiers of the APIs that get it; every API when left out. `locations` of a detail itself says it more exactly. */
  readonly resources?: readonly string[] | undefined
  /** Clients may ask for it for themselves, where no person agrees to anything; false when left out. */
  readonly forMachines?: boolean | undefined
}

/** A detail as the consent page shows it. */
export type DetailInWords = {
  readonly detail: AuthorizationDetail
  readonly optional: boolean
  readonly words: Readonly<Record<string, DetailWords>>
  /** Each value with the path of its field. Values come from the application and are nothing but text. */
  readonly rows: readonly { readonly path: string; readonly value: string }[]
}

/** Most entries of one request, and most characters of all of them as JSON (B-RAR-07). */
export const maxDetails = 20
export const maxDetailsLength = 16_384
