import { isAgent, isSelfRegistered, type ConnectedApp } from '@sallyport/server/model'
import type { Words } from '../messages/words.ts'
import { scopeList } from './asked-items.ts'
import { accountCard, type SignedInAs } from './consent-page.ts'
import { hiddenFields, layout, type Setting } from './layout.ts'
import { foreign, markup, type Html } from './markup.ts'

export type AppsPage = {
  /** `undefined` when nobody is signed in at this browser. */
  readonly account: SignedInAs | undefined
  readonly apps: readonly ConnectedApp[]
  /** Access was taken back just now. */
  readonly withdrawn: boolean
}

/** Tells of each device that came in with a code, so that nobody's code was used unseen (A-DEV-13). */
function deviceNotes({ words, brand }: Setting, devices: ConnectedApp['devices']): Html | false {
  if (devices.length === 0) return false
  const lines = devices.map(({ since, network }) => {
    const told = words.say('apps.device', { date: words.date(since), network: markup`<bdi>${network}</bdi>` })
    return markup`<li>${told}</li>`
  })
  return markup`<ul class="origin">${lines}</ul>
<p class="hint">${words.say('apps.deviceHint', { brand: brand.name })}</p>`
}

/** By which door it came in: an administrator vouches for it, or nobody does (A-UI-09, A-CIMD-12). */
function door({ words, brand }: Setting, { client }: ConnectedApp): Html {
  if (!isSelfRegistered(client))
    return markup`<p class="quiet">${words.say('consent.managed', { brand: brand.name })}</p>`
  return markup`<div class="note">
${client.channel === 'metadata_document' && markup`<p>${words.say('consent.document')} <bdi>${new URL(client.id).host}</bdi></p>`}
<p>${words.say('consent.unverified', { brand: brand.name })}</p>
</div>`
}

/** One application: what it may do, since when, and the button that ends it. */
function appCard(setting: Setting, app: ConnectedApp, index: number): Html {
  const { words } = setting
  const { client, scopes, since, offline, devices, rememberedUntil, csrf } = app
  const name = foreign(client.name)
  return markup`<section class="app" aria-labelledby="app-${index}">
<h2 id="app-${index}">${name}</h2>
${door(setting, app)}
<p class="hint">${since !== undefined && words.say('apps.since', { date: words.date(since) })}
${offline && words.say('apps.offline')}
${rememberedUntil !== undefined && words.say('apps.remembered', { date: words.date(rememberedUntil) })}</p>
${isAgent(client) && markup`<p>${words.say('apps.agent', { purpose: foreign(client.purpose ?? '') })}</p>`}
${deviceNotes(setting, devices)}
${scopeList(words, scopes, name)}
<form id="withdraw-${index}-form" method="post" action="${setting.base}/account/apps">
${hiddenFields({ client_id: client.id, csrf })}
<button type="submit" class="plain">${words.say('apps.withdraw', { app: name })}</button>
</form>
</section>`
}

const notice = (words: Words): Html => markup`<p class="note" role="status">${words.say('apps.withdrawn')}</p>`

/** The applications that may act for a person, each with a way to take that back. */
export function appsPage(setting: Setting, { account, apps, withdrawn }: AppsPage): string {
  const { words } = setting
  const list =
    apps.length === 0
      ? markup`<p>${words.say('apps.none')}</p>`
      : markup`<p>${words.say('apps.intro')}</p>${apps.map((app, index) => appCard(setting, app, index))}`
  const body =
    account === undefined
      ? markup`<h1>${words.say('apps.title')}</h1><p>${words.say('apps.nobody')}</p>`
      : markup`${withdrawn && notice(words)}<h1>${words.say('apps.title')}</h1>
${accountCard(words, account, markup`<a href="${setting.base}/oauth2/logout">${words.say('signOut.submit')}</a>`)}
${list}
<p class="quiet after"><a href="${setting.base}/account/sessions">${words.say('sessions.title')}</a></p>
<p class="quiet"><a href="${setting.base}/account/security">${words.say('security.title')}</a></p>`
  return layout(setting, { title: words.say('apps.title'), body })
}
