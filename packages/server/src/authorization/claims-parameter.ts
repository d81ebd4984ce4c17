import { refuse } from '@sallyport/protocol'
import type { ClaimRequest, ClaimsRequest } from '../model/authorization-request.ts'

const maxLength = 16_384
const maxClaims = 100
const maxValueLength = 500

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isText = (value: unknown): value is string => typeof value === 'string' && value.length <= maxValueLength

function claimRequest(value: unknown): ClaimRequest {
  if (value === null) return { essential: false, value: undefined, values: undefined }
  if (!isObject(value)) throw refuse('claims_syntax')
  const { essential, values } = value
  if (essential !== undefined && typeof essential !== 'boolean') throw refuse('claims_syntax')
  if (values !== undefined && !(Array.isArray(values) && values.length <= 20 && values.every(isText)))
    throw refuse('claims_syntax')
  const single = value['value']
  if (single !== undefined && typeof single === 'string' && !isText(single)) throw refuse('claims_syntax')
  return {
    essential: essential ?? false,
    value: isText(single) ? single : undefined,
    values: values,
  }
}

function member(value: unknown): Record<string, ClaimRequest> {
  if (value === undefined) return {}
  if (!isObject(value)) throw refuse('claims_syntax')
  const names = Object.keys(value)
  if (names.length > maxClaims) throw refuse('claims_syntax')
  const requests: Record<string, ClaimRequest> = Object.create(null) as Record<string, ClaimRequest>
  for (const name of names) if (name !== '__proto__' && name.length <= 100) requests[name] = claimRequest(value[name])
  return requests
}

/** Whether an object of the text, which is known to be JSON, names a member twice: then it has two meanings (IN-07). */
function namesTwice(json: string): boolean {
  const around: (Set<string> | undefined)[] = []
  let names: Set<string> | undefined
  let nameNext = false
  for (let index = 0; index < json.length; index++) {
    const character = json[index]
    if (character === '{' || character === '[') {
      names = character === '{' ? new Set() : undefined
      around.push(names)
      nameNext = character === '{'
    } else if (character === '}' || character === ']') {
      around.pop()
      names = around.at(-1)
    } else if (character === ',') nameNext = names !== undefined
    else if (character === '"') {
      const start = index
      while (json[++index] !== '"') if (json[index] === '\\') index++
      if (!nameNext || names === undefined) continue
      nameNext = false
      const name = JSON.parse(json.slice(start, index + 1)) as string
      if (names.has(name)) return true
      names.add(name)
    }
  }
  return false
}

/**
 * What a request asks to be told: its `claims` parameter, and the languages of `claims_locales`, in which nothing can be wrong
 * (OpenID Connect Core section 5.2, B-OIDC-28). `undefined` when it says nothing of either. Throws `claims_syntax`.
 */
export function claimsWished(claims: string | undefined, locales: readonly string[]): ClaimsRequest | undefined {
  if (claims === undefined) return locales.length === 0 ? undefined : { userinfo: {}, idToken: {}, locales }
  return { ...parseClaimsParameter(claims), locales }
}

/** Reads the `claims` parameter (OpenID Connect Core section 5.5, B-OIDC-21). Throws `claims_syntax`. */
function parseClaimsParameter(text: string): Omit<ClaimsRequest, 'locales'> {
  if (text.length > maxLength) throw refuse('claims_syntax')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw refuse('claims_syntax', { cause })
  }
  if (!isObject(value) || namesTwice(text)) throw refuse('claims_syntax')
  return { userinfo: member(value['userinfo']), idToken: member(value['id_token']) }
}
