import type { DecodedJwt } from '../decode-jwt.ts'
import type { TokenKind } from '../step.ts'
import { markup, type Html } from './markup.ts'
import { claimMeanings, proofMeanings } from './meanings.ts'

const instants = new Set(['iat', 'exp', 'nbf', 'auth_time'])

const written = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC' })

function valueOf(name: string, value: unknown): Html {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  if (!instants.has(name) || typeof value !== 'number') return markup`${text}`
  return markup`${text} <span class="read">= ${written.format(value * 1000)} UTC</span>`
}

const meaningOf = (kind: TokenKind, name: string): string | undefined =>
  (kind === 'proof' ? proofMeanings[name] : undefined) ?? claimMeanings[name]

const rows = (kind: TokenKind, members: Readonly<Record<string, unknown>>): Html =>
  markup`${Object.entries(members).map(
    ([
      name,
      value,
    ]) => markup`<div><dt><code>${name}</code></dt><dd class="value" translate="no">${valueOf(name, value)}</dd>
${meaningOf(kind, name) !== undefined && markup`<dd>${meaningOf(kind, name)}</dd>`}</div>`,
  )}`

const names: Readonly<Record<TokenKind, string>> = { access: 'Access token', id: 'ID Token', proof: 'DPoP proof' }
const readers: Readonly<Record<TokenKind, string>> = {
  access: 'For the API. The app does not look inside.',
  id: 'For the app: who signed in.',
  proof:
    'Made by the client itself, for one request. Its key is inside, and its signature shows who has the other half.',
}

/** A token as it travels, and every line of it explained. */
export function tokenView(kind: TokenKind, { raw, header, claims }: DecodedJwt): Html {
  const [first = '', second = '', third = ''] = raw.split('.')
  return markup`<section class="token">
<h4>${names[kind]}</h4>
<p class="aside">${readers[kind]}</p>
<p class="jwt" translate="no" dir="ltr"><span class="jh">${first}</span>.<span class="jp">${second}</span>.<span class="js">${third}</span></p>
<p class="aside legend"><span class="jh">Header</span> <span class="jp">Claims</span> <span class="js">Signature</span></p>
<dl class="meanings">${rows(kind, header)}${rows(kind, claims)}</dl>
</section>`
}
