import type { HttpRequest, ServerRoute } from '@sallyport/server'
import type { Material } from './material.ts'
import { oddities } from './oddities.ts'
import { damaged, encoded, misspelled } from './request-damage.ts'
import { digitsOf, type Digits, type RequestPlan } from './request-plan.ts'

/** Parameters that mean something somewhere. */
export const parameterNames: readonly string[] = (
  'response_type client_id redirect_uri scope state nonce code_challenge code_challenge_method resource prompt max_age ' +
  'acr_values claims login_hint id_token_hint ui_locales response_mode display request request_uri registration grant_type ' +
  'code code_verifier client_secret refresh_token token token_type_hint client_assertion client_assertion_type interaction ' +
  'csrf username password decision remember approved sign_out post_logout_redirect_uri logout_hint access_token return_to ' +
  'device_code user_code assertion subject_token subject_token_type actor_token actor_token_type requested_token_type audience ' +
  'session auth_req_id binding_message requested_expiry client_notification_token login_hint_token authorization_details'
).split(' ')

/** What a request may be about: the server as it runs, what means something to it right now, and what was sent before. */
export type World = {
  readonly routes: readonly ServerRoute[]
  readonly material: Material
  readonly sent: readonly HttpRequest[]
}

const words = (text: string): readonly string[] => text.split(' ')

const authorize = [
  words('response_type client_id redirect_uri scope state nonce code_challenge code_challenge_method resource'),
  words('response_type client_id redirect_uri scope state code_challenge code_challenge_method prompt max_age claims'),
  words('response_type client_id redirect_uri scope state code_challenge code_challenge_method authorization_details'),
  words('client_id request_uri'),
]

/** The parameters that a request to a path consists of; a path that is not here gets those of any other. */
const shapes: Readonly<Record<string, readonly (readonly string[])[]>> = {
  '/oauth2/authorize': authorize,
  '/oauth2/par': authorize,
  '/oauth2/token': [
    words('grant_type client_id client_secret code redirect_uri code_verifier'),
    words('grant_type code redirect_uri code_verifier'),
    words('grant_type client_id refresh_token scope resource'),
    words('grant_type client_id device_code'),
    words('grant_type client_id client_secret assertion scope'),
    words('grant_type client_id client_secret subject_token subject_token_type actor_token actor_token_type audience'),
    words('grant_type client_id client_secret auth_req_id'),
    words('grant_type scope resource'),
  ],
  '/oauth2/device_authorization': [words('client_id scope resource code_challenge code_challenge_method')],
  '/oauth2/backchannel_authentication': [
    words('client_id client_secret scope login_hint binding_message requested_expiry'),
    words('client_id client_secret scope id_token_hint client_notification_token'),
  ],
  '/oauth2/introspect': [words('token token_type_hint')],
  '/oauth2/revoke': [words('token token_type_hint client_id')],
  '/oauth2/resume': [words('interaction')],
  '/oauth2/client-logo': [words('client_id')],
  '/login': [words('interaction csrf username password'), words('interaction')],
  '/login/code': [words('interaction csrf code'), words('interaction csrf decision'), words('interaction')],
  '/account/security': [words('csrf step code'), words('csrf step code key'), []],
  '/consent': [words('interaction csrf decision remember'), words('interaction')],
  '/account-choice': [words('interaction csrf decision'), words('interaction')],
  '/account/apps': [words('csrf client_id'), []],
  '/account/sessions': [words('csrf session'), words('csrf'), []],
  '/account/requests': [words('csrf request decision'), []],
  '/device': [words('csrf user_code'), words('csrf user_code decision'), words('user_code'), []],
  '/oauth2/logout': [words('id_token_hint post_logout_redirect_uri state client_id'), words('sign_out csrf'), []],
}
const everyShape = Object.values(shapes).flat()

const methods = ['GET', 'POST', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'x', '']

/** Nearly a path. */
const strays = ['', '*', '/__proto__', '/constructor', '//', '/.', '/%2e%2e/', '/oauth2/%74oken', '/OAUTH2/TOKEN']

const form = 'application/x-www-form-urlencoded'
const contentTypes = [
  ...[form, `${form}; charset=UTF-8`, 'application/json', 'multipart/form-data; boundary=x'],
  ...['text/plain', ''],
]

/** A value that means something where it stands; where the digits are high, one that is odd or belongs elsewhere. */
function value(digits: Digits, material: Material, name: string): string {
  const own = material[name] ?? ['x']
  const where = digits.below(100)
  if (where < 70) return digits.pick(own)
  return digits.pick(where < 85 ? oddities : (material[digits.pick(parameterNames)] ?? oddities))
}

function pair(given: number | undefined, material: Material, name: string): string {
  const digits = digitsOf(given)
  const text = value(digits, material, name)
  const spelled = digits.chance(5) ? misspelled(text) : encoded(text)
  return `${digits.chance(3) ? encoded(digits.pick(oddities)) : name}=${spelled}`
}

function parameters(plan: RequestPlan, material: Material, path: string): string {
  const choice = digitsOf(plan.choices[0])
  const known = shapes[path]
  const shape = choice.pick(known === undefined || choice.chance(10) ? everyShape : known)
  const extra = plan.more.map((given) => digitsOf(given).pick(parameterNames))
  const many = choice.chance(1) ? Array.from({ length: 150 }, (_, index) => `x${index}`) : []
  const left = shape.filter((_, index) => !digitsOf(plan.values[index]).chance(3))
  return [
    ...left.map((name, index) => pair(plan.values[index], material, name)),
    ...extra.map((name, index) => pair(plan.more[index], material, name)),
    ...many.map((name) => `${name}=`),
  ].join('&')
}

/** Names of headers with what they may hold; the rest of a header's number says which, and whether it is damaged. */
const headerValues = (material: Material): readonly (readonly [string, readonly string[]])[] => [
  ['cookie', material['cookie'] ?? []],
  ['cookie', material['cookie'] ?? []],
  ['authorization', material['authorization'] ?? []],
  ['authorization', material['authorization'] ?? []],
  ['origin', ['https://as.test', 'https://app.test', 'https://evil.test', 'null', '']],
  ['sec-fetch-site', ['same-origin', 'cross-site', 'same-site', 'none']],
  ['accept', ['text/html', 'application/json', '*/*', 'x'.repeat(5000)]],
  ['accept-language', ['de', 'en;q=0.5, *;q=0', ','.repeat(500)]],
  ['if-none-match', ['*', '"x"', 'W/"'.repeat(300)]],
  ['content-type', contentTypes],
  ['content-encoding', ['identity', 'gzip', '']],
  ['user-agent', ['Mozilla/5.0', 'x'.repeat(9000), '\u0000']],
  ['dpop', ['x.y.z']],
]

function headers(given: readonly number[], material: Material): Record<string, string | readonly string[]> {
  const possible = headerValues(material)
  const made: Record<string, string | readonly string[]> = {}
  for (const number of given) {
    const digits = digitsOf(number)
    const [name, values] = digits.pick(possible)
    const text = digits.pick(values)
    const how = digits.below(100)
    made[name] = how === 99 ? ['a', 'b'] : how > 92 ? damaged(text, [digits.below(5 * 0x10000)]) : text
  }
  return made
}

const addresses = ['192.0.2.1', '2001:db8::1', '::ffff:192.0.2.9', '']
const address = (digits: Digits): string =>
  digits.chance(80) ? `10.${digits.below(250)}.${digits.below(250)}.1` : digits.pick(addresses)

/** A request to a route of the server: its own method and parameters, most of the time. */
function invented(plan: RequestPlan, { routes, material }: World): HttpRequest {
  const target = digitsOf(plan.target)
  const route = target.pick(routes)
  const named =
    route.path.endsWith('/') && route.path !== '/' ? digitsOf(plan.choices[1]).pick(material['name'] ?? ['x']) : ''
  const near = target.chance(3) ? target.pick(strays) : `${route.path}${named}`
  const path = target.chance(2) ? damaged(near, [plan.method]) : near
  const way = digitsOf(plan.method)
  const method = way.chance(12) ? way.pick(methods) : way.pick(route.methods)
  const json = path.startsWith('/oauth2/register')
  const plain = json ? digitsOf(plan.values[0]).pick(material['document'] ?? ['{}']) : parameters(plan, material, path)
  const text = damaged(plain, plan.damage)
  const inBody = method === 'POST' || method === 'PUT' ? !way.chance(5) : way.chance(3)
  const type = json ? 'application/json' : form
  return {
    method,
    path,
    query: inBody ? (way.chance(3) ? text.slice(0, 50) : '') : text,
    headers: { ...(inBody ? { 'content-type': type } : {}), ...headers(plan.headers, material) },
    body: inBody ? Buffer.from(text.slice(0, 65_536), way.chance(50) ? 'utf8' : 'latin1') : undefined,
    remoteAddress: address(digitsOf(plan.choices[2])),
    ...(way.chance(1) ? { fault: way.pick(['size', 'header_count', 'header_duplicated', 'encoding'] as const) } : {}),
  }
}

/** One parameter of an encoded form, replaced by something else. */
function oneReplaced(given: number, material: Material, text: string): string {
  const parts = text.split('&')
  const at = given % parts.length
  const name = decodeURIComponent(parts[at]?.split('=')[0] ?? 'x')
  parts[at] = `${name}=${encoded(value(digitsOf(Math.floor(given / parts.length)), material, name))}`
  return parts.join('&')
}

/** A request that was really sent, again: as it was, with another parameter or header, or damaged. */
function repeated(plan: RequestPlan, { material, sent }: World): HttpRequest {
  const target = digitsOf(plan.target)
  const again = target.pick(sent)
  const [replacement] = plan.values
  const change = (text: string): string => {
    const isForm = replacement !== undefined && text !== '' && !text.startsWith('{') && !target.chance(40)
    return damaged(isForm ? oneReplaced(replacement, material, text) : text, plan.damage)
  }
  const { body } = again
  return {
    ...again,
    method: digitsOf(plan.method).chance(3) ? digitsOf(plan.choices[0]).pick(methods) : again.method,
    query: again.query === '' ? '' : change(again.query),
    headers: { ...again.headers, ...headers(plan.headers.slice(4), material) },
    body: body === undefined ? undefined : Buffer.from(change(Buffer.from(body).toString('latin1')), 'latin1'),
    remoteAddress: address(digitsOf(plan.choices[2])),
  }
}

/** The request that a plan is, in the world as it is now. */
export const requestFrom = (plan: RequestPlan, world: World): HttpRequest =>
  plan.source < 50 ? invented(plan, world) : repeated(plan, world)
