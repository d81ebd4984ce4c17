import { isAgent, isSelfRegistered, type OpenInteraction } from '@sallyport/server/model'
import type { Words } from '../messages/words.ts'
import { addsToEarlier, earlierItems, newItems, repeatsEarlier } from './asked-items.ts'
import { detailItems } from './detail-items.ts'
import { hiddenFields, layout, pageAddress, problemSummary, type Problem, type Setting } from './layout.ts'
import { foreign, markup, type Html } from './markup.ts'
import { returnAddress } from './return-address.ts'

/** The person at this browser, as shown to that person. */
export type SignedInAs = { readonly name: string; readonly username: string | undefined }

export type ConsentPage = {
  readonly open: OpenInteraction
  readonly account: SignedInAs
  /** Seconds for which agreement may be remembered. */
  readonly rememberFor: number
  readonly problem?: Problem | undefined
}

/** Shows an account: a round initial, the name, and what may be done about it. */
export function accountCard(words: Words, account: SignedInAs, action?: Html): Html {
  const { name, username } = account
  return markup`<div class="who">
<span class="initial" aria-hidden="true">${[...name][0] ?? ''}</span>
<p><span class="hint">${words.say('consent.signedIn')}</span><br>
${foreign(name)}${username !== undefined && username !== name && markup` <bdi class="hint">${username}</bdi>`}</p>
${action}
</div>`
}

const hostOf = (uri: string | undefined): string | undefined =>
  uri?.startsWith('https://') === true ? returnAddress(uri).host : undefined

const linkTo = (uri: string, text: Html | string): Html =>
  markup`<a href="${uri}" rel="noreferrer"><bdi>${text}</bdi></a>`

/** What the application says about itself: shown with its host, since nobody checked it. */
function ownPages(words: Words, { client }: OpenInteraction): Html {
  const pages = [
    ['consent.website', client.clientUri],
    ['consent.policy', client.policyUri],
    ['consent.terms', client.tosUri],
  ] as const
  return markup`${pages.map(([key, uri]) => {
    const host = hostOf(uri)
    return host !== undefined && markup` ${words.say(key, { site: linkTo(uri ?? '', host) })}`
  })}`
}

/** True when a page of the application lives at another host than the answer goes to (RFC 7591 section 5). */
function leadsElsewhere({ client, interaction }: OpenInteraction): boolean {
  const { host } = returnAddress(interaction.request.redirectUri)
  return [client.clientUri, client.policyUri, client.tosUri].some((uri) => {
    const other = hostOf(uri)
    return other !== undefined && other !== host
  })
}

/**
 * Where an application that nobody registered describes itself: before and above the name it gives itself (A-CIMD-12, DC-14).
 * Host names are ASCII there, so that letters of another script show as what they are.
 */
const documentHost = (words: Words, { client }: OpenInteraction): Html | false =>
  client.channel === 'metadata_document' &&
  markup`<div class="where" id="document">
<p class="hint">${words.say('consent.document')}</p>
<p class="host"><bdi>${new URL(client.id).host}</bdi></p>
</div>`

/** Software that acts by itself is called that, with what it is for and whose it is. */
function agentNote(words: Words, { client }: OpenInteraction): Html | false {
  if (!isAgent(client)) return false
  const { name, purpose = '', owner = '' } = client
  return markup`<div class="note" id="agent">
<p>${words.say('consent.agent', { app: foreign(name) })}</p>
<p>${words.say('consent.agentPurpose', { purpose: foreign(purpose) })}<br>
${words.say('consent.agentOwner', { owner: foreign(owner) })}</p>
</div>`
}

/** Its picture, from our own origin; it says nothing that the words beside it do not say (A-DCR-11, DC-13). */
const picture = ({ logo }: OpenInteraction): Html | false =>
  logo !== undefined && markup`<p><img class="logo" id="logo" src="${logo}" alt="" width="48" height="48"></p>`

/** Who vouches for the application, and where it lives on the web. */
function publisher({ words, brand }: Setting, open: OpenInteraction): Html {
  const { client } = open
  if (!isSelfRegistered(client))
    return markup`${picture(open)}<p class="quiet">${words.say('consent.managed', { brand: brand.name })}${ownPages(words, open)}</p>`
  return markup`${documentHost(words, open)}${picture(open)}<p class="note" id="unverified">${words.say('consent.unverified', { brand: brand.name })}
${leadsElsewhere(open) && words.say('consent.elsewhere')}</p>
<p class="quiet">${words.say('consent.clientId', { id: foreign(client.id) })}${ownPages(words, open)}</p>
${open.firstUse && markup`<p class="note" id="first-use">${words.say('consent.firstUse')}</p>`}`
}

/** The address the answer goes to, for everybody to see, with a warning where another program could stand behind it. */
function whereTo(words: Words, open: OpenInteraction): Html {
  const { host, kind } = returnAddress(open.interaction.request.redirectUri)
  const check = markup`<p class="hint">${words.say('consent.check')}</p>`
  const warning = (key: 'consent.loopback' | 'consent.privateScheme'): Html =>
    markup`<p class="note" id="warning">${words.say(key)}</p>`
  return markup`<div class="where">
<p class="hint">${words.say('consent.returns')}</p>
<p class="host"><bdi>${host}</bdi></p>
${kind === 'site' && check}
</div>
${kind === 'loopback' && warning('consent.loopback')}${kind === 'app' && warning('consent.privateScheme')}`
}

function rememberField(words: Words, page: ConsentPage, app: Html): Html {
  return markup`<div class="check">
<input id="remember" name="remember" type="checkbox" value="yes" aria-describedby="remember-hint">
<label for="remember">${words.say('consent.remember', { time: words.duration(page.rememberFor) })}</label>
<p class="hint" id="remember-hint">${words.say('consent.rememberHint', { app })}</p>
</div>`
}

/** A document's client is called by its host: the name is only what it says of itself. */
const headingName = ({ client }: OpenInteraction): Html =>
  foreign(client.channel === 'metadata_document' ? new URL(client.id).host : client.name)

/** Where access is taken back; in a tab of its own, because what is asked here is still open. */
export const appsLink = ({ words, base }: Setting): Html =>
  markup`<a href="${base}/account/apps" target="_blank" rel="noreferrer">${words.say('apps.title')}</a>`

/** False for a request that says all it wants in its details. */
const asksMore = ({ details, scopes, resources, claims }: OpenInteraction): boolean =>
  details.length === 0 || scopes.length + resources.length + claims.length > 0

/**
 * Asks for consent (A-UI-09). Both buttons have the same size and weight, and Deny comes first, so that a stray Enter
 * gives nothing away. The form carries the decision only: what is asked for stays with the server (A-AUTHZ-15).
 */
export function consentPage(setting: Setting, page: ConsentPage): string {
  const { words } = setting
  const { open } = page
  const app = foreign(open.client.name)
  const other = markup`<a href="${pageAddress(setting.base, '/login', open.id)}">${words.say('consent.other')}</a>`
  const body = markup`${problemSummary(words, page.problem)}
<h1>${words.say('consent.heading', { app: headingName(open) })}</h1>
${publisher(setting, open)}
${agentNote(words, open)}
${accountCard(words, page.account, other)}
${repeatsEarlier(open) && markup`<p class="note" id="again">${words.say('consent.earlier')}</p>`}
${asksMore(open) && markup`<p>${words.say(addsToEarlier(open) ? 'consent.more' : 'consent.able', { app })}</p>`}
${newItems(words, open)}
${earlierItems(words, open)}
<form id="consent-form" method="post" action="${setting.base}/consent">
${hiddenFields({ interaction: open.id, csrf: open.csrf })}
${detailItems(words, open)}
${whereTo(words, open)}
${open.mayRemember && rememberField(words, page, app)}
<div class="decide">
<button type="submit" name="decision" value="deny" class="other">${words.say('consent.deny')}</button>
<button type="submit" name="decision" value="allow">${words.say('consent.allow')}</button>
</div>
</form>
<p class="quiet after">${words.say('consent.withdraw', { page: appsLink(setting) })}</p>`
  const title = words.say('consent.title', {
    app: open.client.channel === 'metadata_document' ? new URL(open.client.id).host : open.client.name,
  })
  return layout(setting, { title, body, problem: page.problem !== undefined })
}
