import type { HttpRequest } from '@sallyport/server'
import type { Dice } from './dice.ts'
import type { Material } from './material.ts'
import { oddities } from './oddities.ts'

/** Parameters that mean something somewhere, and what a sensible value of each is. */
export const parameterNames: readonly string[] = (
  'response_type client_id redirect_uri scope state nonce code_challenge code_challenge_method resource prompt max_age ' +
  'acr_values claims login_hint id_token_hint ui_locales response_mode display request request_uri registration grant_type ' +
  'code code_verifier client_secret refresh_token token token_type_hint client_assertion client_assertion_type interaction ' +
  'csrf username password decision remember approved sign_out post_logout_redirect_uri logout_hint access_token return_to'
).split(' ')

/** Paths of the server, some nearly so. */
const paths: readonly string[] = [
  ...Array.from({ length: 5 }, () => ['/oauth2/authorize', '/oauth2/token']).flat(),
  '/oauth2/introspect',
  '/oauth2/revoke',
  '/oauth2/userinfo',
  '/oauth2/userinfo',
  '/oauth2/resume',
  '/oauth2/logout',
  '/oauth2/jwks',
  '/login',
  '/login',
  '/consent',
  '/consent',
  '/account-choice',
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/oauth2/token/',
  '/oauth2//token',
  '/OAUTH2/TOKEN',
  '/oauth2/%74oken',
  '/',
  '',
  '*',
  '/__proto__',
  '/constructor',
]

const methods: readonly string[] = [
  ...Array.from({ length: 8 }, () => ['GET', 'POST', 'POST']).flat(),
  ...['HEAD', 'OPTIONS', 'PUT', 'DELETE', 'x', ''],
]

const contentTypes: readonly string[] = [
  ...Array.from({ length: 12 }, () => 'application/x-www-form-urlencoded'),
  'application/x-www-form-urlencoded; charset=UTF-8',
  'application/json',
  'multipart/form-data; boundary=x',
  'text/plain',
  '',
  'none',
]

function value(dice: Dice, material: Material, name: string): string {
  const roll = dice.below(100)
  if (roll < 70) return dice.pick(material[name] ?? ['x'])
  if (roll < 85) return dice.pick(oddities)
  return dice.pick(material[dice.pick(parameterNames)] ?? oddities)
}

const escapeSome = (dice: Dice, text: string): string =>
  [...Buffer.from(text)]
    .map((byte) =>
      dice.chance(10) ? `%${byte.toString(16).padStart(2, '0')}` : encodeURIComponent(String.fromCharCode(byte)),
    )
    .join('')

const encode = (dice: Dice, text: string): string => {
  // A lone surrogate has no encoding; the replacement character stands in for it, as it would in a browser.
  const sound = text.toWellFormed()
  return dice.chance(95) || sound.length > 200 ? encodeURIComponent(sound) : escapeSome(dice, sound)
}

const words = (text: string): readonly string[] => text.split(' ')

/** The parameters that a request to a path consists of. */
const shapes: Readonly<Record<string, readonly (readonly string[])[]>> = {
  '/oauth2/authorize': [
    words('response_type client_id redirect_uri scope state nonce code_challenge code_challenge_method resource'),
    words(
      'response_type client_id redirect_uri scope state code_challenge code_challenge_method prompt max_age claims',
    ),
  ],
  '/oauth2/token': [
    words('grant_type client_id client_secret code redirect_uri code_verifier'),
    words('grant_type code redirect_uri code_verifier'),
    words('grant_type client_id refresh_token scope resource'),
    words('grant_type scope resource'),
  ],
  '/oauth2/introspect': [words('token token_type_hint')],
  '/oauth2/revoke': [words('token token_type_hint client_id')],
  '/oauth2/resume': [words('interaction')],
  '/login': [words('interaction csrf username password'), words('interaction')],
  '/consent': [words('interaction csrf decision remember'), words('interaction')],
  '/account-choice': [words('interaction csrf decision'), words('interaction')],
  '/oauth2/logout': [words('id_token_hint post_logout_redirect_uri state client_id'), words('sign_out csrf'), []],
}

const everyShape = Object.values(shapes).flat()

function parameters(dice: Dice, material: Material, path: string): string {
  const shape = dice.chance(90) ? (shapes[path] ?? everyShape) : everyShape
  const names = dice.pick(shape).filter(() => dice.chance(97))
  while (dice.chance(12)) names.push(dice.pick(parameterNames))
  if (dice.chance(1)) for (let index = 0; index < 150; index++) names.push(`x${index}`)
  return names
    .map(
      (name) =>
        `${dice.chance(97) ? name : encode(dice, dice.pick(oddities))}=${encode(dice, value(dice, material, name))}`,
    )
    .join('&')
}

/** Small damage to bytes: flipped, left out, doubled, moved, replaced. */
export function mutate(dice: Dice, text: string): string {
  const bytes = Buffer.from(text, 'latin1')
  const damaged = [...bytes]
  const times = 1 + dice.below(4)
  for (let round = 0; round < times; round++) {
    const at = dice.below(damaged.length + 1)
    const how = dice.below(5)
    if (how === 0) damaged[at] = dice.below(256)
    else if (how === 1) damaged.splice(at, 1 + dice.below(8))
    else if (how === 2) damaged.splice(at, 0, ...damaged.slice(at, at + dice.below(20)))
    else if (how === 3) damaged.splice(at, 0, dice.pick([0, 10, 13, 37, 38, 43, 59, 61, 128, 255]))
    else damaged.length = at
  }
  return Buffer.from(damaged.map((byte) => byte ?? 0)).toString('latin1')
}

function headers(dice: Dice, material: Material): Record<string, string | readonly string[]> {
  const made: Record<string, string | readonly string[]> = {}
  const set = (name: string, percent: number, values: readonly string[]): void => {
    if (dice.chance(percent)) made[name] = dice.chance(93) ? dice.pick(values) : mutate(dice, dice.pick(values))
  }
  set('authorization', 35, material['authorization'] ?? [])
  set('cookie', 50, material['cookie'] ?? [])
  set('origin', 20, ['https://app.test', 'https://as.test', 'https://evil.test', 'null', ''])
  set('sec-fetch-site', 20, ['same-origin', 'cross-site', 'same-site', 'none'])
  set('accept', 20, ['text/html', 'application/json', '*/*', 'x'.repeat(5000)])
  set('accept-language', 5, ['de', 'en;q=0.5, *;q=0', ','.repeat(500)])
  set('if-none-match', 5, ['*', '"x"', 'W/"'.repeat(300)])
  set('content-encoding', 2, ['gzip', 'identity', ''])
  set('user-agent', 10, ['Mozilla/5.0', 'x'.repeat(9000), '\u0000'])
  set('dpop', 2, ['x.y.z'])
  const type = dice.pick(contentTypes)
  if (type !== 'none') made['content-type'] = type
  if (dice.chance(1)) made[dice.pick(['authorization', 'cookie', 'origin', 'content-type'])] = ['a', 'b']
  return made
}

const encodings = ['latin1', 'utf8'] as const

/** A request from the grammar. */
function invented(dice: Dice, material: Material): HttpRequest {
  const method = dice.pick(methods)
  const path = dice.chance(98) ? dice.pick(paths) : mutate(dice, dice.pick(paths))
  let text = parameters(dice, material, path)
  if (dice.chance(25)) text = mutate(dice, text)
  const inBody = method === 'POST' ? dice.chance(95) : dice.chance(3)
  return {
    method,
    path,
    query: inBody ? (dice.chance(3) ? text.slice(0, 50) : '') : text,
    headers: headers(dice, material),
    body: inBody ? Buffer.from(text.slice(0, 65_536), dice.pick(encodings)) : undefined,
    remoteAddress: dice.pick([
      '192.0.2.1',
      '2001:db8::1',
      '::ffff:192.0.2.9',
      '',
      `10.${dice.below(250)}.${dice.below(250)}.1`,
    ]),
    ...(dice.chance(1) ? { fault: dice.pick(['size', 'header_count', 'header_duplicated', 'encoding'] as const) } : {}),
  }
}

/** One parameter of an encoded form, replaced by something else. */
function oneReplaced(dice: Dice, material: Material, text: string): string {
  const parts = text.split('&')
  const at = dice.below(parts.length)
  const name = decodeURIComponent(parts[at]?.split('=')[0] ?? 'x')
  parts[at] = `${name}=${encode(dice, value(dice, material, name))}`
  return parts.join('&')
}

/** A request that was really sent, again: as it was, with another parameter, another cookie, or damaged. */
function repeated(dice: Dice, material: Material, sent: HttpRequest): HttpRequest {
  const change = (text: string): string => {
    if (dice.chance(40)) return text
    return dice.chance(60) ? oneReplaced(dice, material, text) : mutate(dice, text)
  }
  const body =
    sent.body === undefined ? undefined : Buffer.from(change(Buffer.from(sent.body).toString('latin1')), 'latin1')
  const more = dice.chance(15) ? headers(dice, material) : {}
  return {
    ...sent,
    method: dice.chance(97) ? sent.method : dice.pick(methods),
    query: sent.query === '' ? '' : change(sent.query),
    headers: { ...sent.headers, ...more },
    body,
    remoteAddress: `10.1.${dice.below(250)}.${dice.below(250)}`,
  }
}

/** One request: invented by the grammar, or one that was sent before, with small changes. */
export const makeRequest = (dice: Dice, material: Material, sent: readonly HttpRequest[]): HttpRequest =>
  dice.chance(50) ? invented(dice, material) : repeated(dice, material, dice.pick(sent))
