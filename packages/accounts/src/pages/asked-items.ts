import type { OpenInteraction, ScopeInWords } from '@sallyport/server/model'
import { en, type MessageKey } from '../messages/en.ts'
import type { Words } from '../messages/words.ts'
import { foreign, markup, type Child, type Html } from './markup.ts'

/** What of a request is listed. */
type Asked = Pick<OpenInteraction, 'scopes' | 'resources' | 'claims' | 'client'>

type Item = { readonly title: Child; readonly text: Child }

const known = {
  openid: ['scope.openid.title', 'scope.openid.text'],
  profile: ['scope.profile.title', 'scope.profile.text'],
  email: ['scope.email.title', 'scope.email.text'],
  address: ['scope.address.title', 'scope.address.text'],
  phone: ['scope.phone.title', 'scope.phone.text'],
  offline_access: ['scope.offline.title', 'scope.offline.text'],
} as const satisfies Record<string, readonly [MessageKey, MessageKey]>

const isKnown = (name: string): name is keyof typeof known => Object.hasOwn(known, name)

/** One scope in words: those of OpenID Connect from the catalogue, those of an API as its operator wrote them. */
function scopeItem(words: Words, scope: ScopeInWords, app: Html): Item {
  if (scope.description !== undefined) return { title: scope.description, text: markup`<code>${scope.name}</code>` }
  if (scope.resource === undefined && isKnown(scope.name)) {
    const [title, text] = known[scope.name]
    return { title: words.say(title), text: words.say(text, { app }) }
  }
  return { title: words.say('scope.unnamed.title', { scope: markup`<code>${scope.name}</code>` }), text: undefined }
}

function claimName(words: Words, claim: string): Child {
  const key = `claim.${claim.split('#')[0] ?? ''}`
  return Object.hasOwn(en, key) ? words.say(key as MessageKey) : markup`<code>${claim}</code>`
}

function list(items: readonly Item[]): Html {
  const lines = items.map(
    ({ title, text }) =>
      markup`<li><strong>${title}</strong>${text !== undefined && markup` <span class="hint">${text}</span>`}</li>`,
  )
  return markup`<ul class="asked">${lines}</ul>`
}

/** What is asked for at the person's own account, with access while away always last. */
function ownItems(words: Words, open: Asked, app: Html): readonly Item[] {
  const own = open.scopes.filter((scope) => scope.resource === undefined)
  const last = own.filter((scope) => scope.name === 'offline_access')
  const items = own.filter((scope) => scope.name !== 'offline_access').map((scope) => scopeItem(words, scope, app))
  if (open.claims.length > 0) {
    const names = open.claims.map((claim, index) => markup`${index > 0 && ', '}${claimName(words, claim)}`)
    items.push({ title: words.say('consent.claims'), text: names })
  }
  return [...items, ...last.map((scope) => scopeItem(words, scope, app))]
}

type Group = { readonly name: string; readonly id: string | undefined; readonly scopes: readonly ScopeInWords[] }

/** The APIs of the request: those it names, and those whose scopes it asks for without naming them. */
function groupsOf(open: Asked): readonly Group[] {
  const foreignScopes = open.scopes.filter((scope) => scope.resource !== undefined)
  const named = open.resources.map(({ id, name }) => ({
    name,
    id,
    scopes: foreignScopes.filter((scope) => scope.resource === id || scope.resource === name),
  }))
  const placed = new Set(named.flatMap((group) => group.scopes))
  const rest = Map.groupBy(
    foreignScopes.filter((scope) => !placed.has(scope)),
    (scope) => scope.resource ?? '',
  )
  return [...named, ...[...rest].map(([name, scopes]) => ({ name, id: undefined, scopes }))]
}

/** What an application may do, as one list. */
export const scopeList = (words: Words, scopes: readonly ScopeInWords[], app: Html): Html =>
  list(scopes.map((scope) => scopeItem(words, scope, app)))

/** True when something of the request is new, and something was allowed before: then the page tells them apart. */
export const addsToEarlier = ({ scopes, earlierScope, earlierBeside }: OpenInteraction): boolean =>
  earlierScope.length + earlierBeside.length > 0 && scopes.some(({ name }) => !earlierScope.includes(name))

/**
 * True when all of a request was allowed before and is asked about again. Scopes about the account say nothing of an API
 * that is named for the first time, nor of single claims.
 */
export const repeatsEarlier = ({ scopes, earlierScope, claims, resources }: OpenInteraction): boolean =>
  scopes.length > 0 &&
  scopes.every(({ name }) => earlierScope.includes(name)) &&
  claims.length === 0 &&
  (resources.length === 0 || scopes.some(({ resource }) => resource !== undefined))

/** What is new in a request, or all of it where nothing was allowed before (MCP, incremental consent). */
export function newItems(words: Words, open: OpenInteraction): Html {
  if (!addsToEarlier(open)) return askedItems(words, open)
  const scopes = open.scopes.filter(({ name }) => !open.earlierScope.includes(name))
  // An API of which everything was allowed before is not asked about again.
  const resources = open.resources.filter(({ id, name }) =>
    scopes.some(({ resource }) => resource === id || resource === name),
  )
  return askedItems(words, { ...open, scopes, resources })
}

/** What the application may do already, so that nobody has to remember what the answer adds up to. */
export function earlierItems(words: Words, open: OpenInteraction): Html | false {
  if (!addsToEarlier(open)) return false
  // What is not asked for now holds on as well: a person who only saw the rest would think it gone.
  const scopes = [...open.scopes.filter(({ name }) => open.earlierScope.includes(name)), ...open.earlierBeside]
  return markup`<section id="earlier">
<h2>${words.say('consent.earlier')}</h2>
${scopeList(words, scopes, foreign(open.client.name))}
</section>`
}

/** Everything that is asked for, grouped by whose it is (A-UI-09, B-OIDC-24). */
export function askedItems(words: Words, open: Asked): Html {
  const app = foreign(open.client.name)
  const own = ownItems(words, open, app)
  const groups = groupsOf(open).map(({ name, id, scopes }) => {
    const resource = foreign(name)
    const reach = { title: words.say('scope.resource.title', { resource }), text: undefined }
    const items = scopes.length > 0 ? scopes.map((scope) => scopeItem(words, scope, app)) : [reach]
    const identifier = id !== undefined && id !== name && markup`<p class="of"><code>${id}</code></p>`
    return markup`<h2>${words.say('consent.atResource', { resource })}</h2>
${identifier}
${list(items)}`
  })
  const heading = groups.length > 0 && markup`<h2>${words.say('consent.aboutYou')}</h2>`
  return markup`${own.length > 0 && markup`${heading}${list(own)}`}${groups}`
}
