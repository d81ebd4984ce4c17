import type { Exchange } from '@sallyport/testing'

const names = new Set(
  (
    'code code_verifier device_code refresh_token access_token id_token token client_secret client_assertion password ' +
    'csrf interaction id_token_hint sign_out registration_access_token assertion subject_token actor_token'
  ).split(' '),
)

const longEnough = (value: string): boolean => value.length >= 20

function inForm(text: string): string[] {
  return [...new URLSearchParams(text)].filter(([name]) => names.has(name)).map(([, value]) => value)
}

function inJson(text: string): string[] {
  if (!text.startsWith('{')) return []
  const value = JSON.parse(text) as Record<string, unknown>
  return Object.entries(value)
    .filter(([name, member]) => names.has(name) && typeof member === 'string')
    .map(([, member]) => String(member))
}

const inHtml = (text: string): string[] =>
  [...text.matchAll(/name="(\w+)" value="([^"]*)"/g)]
    .filter(([, name]) => names.has(name ?? ''))
    .map(([, , value]) => value ?? '')

const inCookies = (text: string): string[] =>
  text.split(/[;\n]/).map((part) => part.slice(part.indexOf('=') + 1).trim())

const textOf = (body: string | Uint8Array | undefined): string =>
  body === undefined ? '' : typeof body === 'string' ? body : Buffer.from(body).toString('latin1')

/** The secret inside client_secret_basic, and the token inside a bearer header. */
function inAuthorization(value: string): string[] {
  const [, scheme, rest = ''] = /^(\w+) +(\S+)$/.exec(value) ?? []
  if (scheme === 'Bearer') return [rest]
  const secret = Buffer.from(rest, 'base64').toString('latin1').split(':')[1]
  return secret === undefined ? [] : [secret, rest]
}

const one = (value: string | readonly string[] | undefined): string =>
  typeof value === 'string' ? value : (value ?? []).join('\n')

/** Every value in these exchanges that somebody could use: codes, verifiers, tokens, secrets, passwords, cookies, form tokens. */
export function credentialsSeen(exchanges: readonly Exchange[]): ReadonlySet<string> {
  const seen = new Set<string>()
  for (const { request, response } of exchanges) {
    const location = one(response.headers['location'])
    for (const value of [
      ...inForm(request.query),
      ...inForm(textOf(request.body)),
      ...inCookies(one(request.headers['cookie'])),
      ...inAuthorization(one(request.headers['authorization'])),
      ...inForm(location.slice(location.indexOf('?') + 1)),
      ...inCookies(one(response.headers['set-cookie'])),
      ...inJson(textOf(response.body)),
      ...inHtml(textOf(response.body)),
    ]) {
      if (longEnough(value)) seen.add(value)
    }
  }
  return seen
}
