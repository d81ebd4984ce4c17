/** Why a form could not be read; the id of an entry in the table of reasons. */
export type ParameterFault = 'param_duplicated' | 'param_count' | 'param_encoding' | 'control_char'

/** Bounds of one request's parameters (section 9 of the core contract: at most 100). */
export const maxParameters = 100

/** May be sent more than once (RFC 8707 section 2); every other repetition is refused (A-GEN-04). */
const repeatable = 'resource'

/** Judged where it is used: its own alphabet is stricter, and a malformed one destroys the code (PK-09). */
const judgedLater = 'code_verifier'

const controlCharacter = /[\u0000-\u001f\u007f\u2028\u2029]/

/**
 * The parameters of one request, parsed once. A parameter without a value counts as absent. When a name other than
 * `resource` was sent twice, `duplicated` holds every such name and the first value is kept only so that the
 * authorization endpoint can still find out where an error may be sent.
 */
export class Form {
  readonly duplicated: ReadonlySet<string>
  readonly fault: ParameterFault | undefined
  readonly #values: ReadonlyMap<string, string>
  readonly #resources: readonly string[]

  constructor(
    values: ReadonlyMap<string, string>,
    resources: readonly string[],
    duplicated: ReadonlySet<string>,
    fault: ParameterFault | undefined,
  ) {
    this.#values = values
    this.#resources = resources
    this.duplicated = duplicated
    this.fault = fault
  }

  get(name: string): string | undefined {
    return this.#values.get(name)
  }

  has(name: string): boolean {
    return this.#values.has(name)
  }

  /** All values of `resource`, in the order sent. */
  get resources(): readonly string[] {
    return this.#resources
  }

  get size(): number {
    return this.#values.size
  }
}

const none: ReadonlySet<string> = new Set()
const emptyResources: readonly string[] = []

/** A form without parameters. */
export const emptyForm = new Form(new Map(), emptyResources, none, undefined)

/**
 * Decodes one name or value of application/x-www-form-urlencoded strictly: a broken escape or bytes that are not
 * UTF-8 give `undefined` instead of a replacement character.
 */
export function formDecode(text: string): string | undefined {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  if (!spaced.includes('%')) return spaced
  try {
    return decodeURIComponent(spaced)
  } catch {
    return undefined
  }
}

// Most of what is encoded is a handle, which stays as it is.
const plain = /^[A-Za-z0-9_.-]*$/

/** Encodes a text for application/x-www-form-urlencoded; also what client_secret_basic wants (OAuth 2.1 section 2.4.1). */
export const formEncode = (text: string): string =>
  plain.test(text)
    ? text
    : encodeURIComponent(text)
        .replaceAll('%20', '+')
        .replace(/[!'()*~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)

/**
 * Parses application/x-www-form-urlencoded text (a body or a query without its question mark). Never throws: what is
 * wrong is told in `fault` and `duplicated`, because only the endpoint knows where the answer may go.
 */
export function parseForm(text: string): Form {
  if (text === '') return emptyForm
  const values = new Map<string, string>()
  let resources: string[] | undefined
  let duplicated: Set<string> | undefined
  let seen: Set<string> | undefined
  let fault: ParameterFault | undefined
  // What was not escaped is looked at once for all; below only what this found, or what an escape may have hidden.
  const raw = controlCharacter.test(text)
  let count = 0
  let start = 0
  while (start <= text.length) {
    let end = text.indexOf('&', start)
    if (end === -1) end = text.length
    if (end > start) {
      if (++count > maxParameters)
        return new Form(values, resources ?? emptyResources, duplicated ?? none, 'param_count')
      const equals = text.indexOf('=', start)
      const nameEnd = equals === -1 || equals > end ? end : equals
      const name = formDecode(text.slice(start, nameEnd))
      const value = nameEnd === end ? '' : formDecode(text.slice(nameEnd + 1, end))
      if (name === undefined || value === undefined) fault ??= 'param_encoding'
      else if (
        (raw || text.slice(start, end).includes('%')) &&
        (controlCharacter.test(name) || (controlCharacter.test(value) && name !== judgedLater))
      )
        fault ??= 'control_char'
      if (name !== undefined && value !== undefined) {
        if (name === repeatable) {
          if (value !== '') (resources ??= []).push(value)
        } else if (values.has(name) || seen?.has(name) === true) {
          ;(duplicated ??= new Set()).add(name)
        } else if (value === '') {
          ;(seen ??= new Set()).add(name)
        } else values.set(name, value)
      }
    }
    start = end + 1
  }
  return new Form(values, resources ?? emptyResources, duplicated ?? none, fault)
}
