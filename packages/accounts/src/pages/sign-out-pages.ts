import type { SignedOutView, SignOutView } from '@sallyport/server/model'
import { hiddenFields, layout, type Setting } from './layout.ts'
import { foreign, markup, type Html } from './markup.ts'

/** Asks whether to sign out; nothing has happened yet (CS-12). */
export function signOutPage(setting: Setting, view: SignOutView): string {
  const { words } = setting
  const { clientName, accountName } = view
  const body = markup`<h1>${words.say('signOut.heading')}</h1>
${clientName !== undefined && markup`<p>${words.say('signOut.app', { app: foreign(clientName) })}</p>`}
<p>${words.say('signOut.plain')}${accountName !== undefined && markup` ${words.say('signOut.account', { name: foreign(accountName) })}`}</p>
<form id="logout-form" method="post" action="${view.action}">
${hiddenFields(view.fields)}
<button type="submit" name="decision" value="logout">${words.say('signOut.submit')}</button>
</form>
<p class="quiet after">${words.say('signOut.stay')}</p>
<p class="quiet"><a href="${setting.base}/account/apps">${words.say('apps.title')}</a></p>
<p class="quiet"><a href="${setting.base}/account/sessions">${words.say('sessions.title')}</a></p>`
  return layout(setting, { title: words.say('signOut.title'), body })
}

/**
 * Applications that forget this browser, each in a frame that nobody sees. They keep their scripts and their cookies, and may
 * neither open windows nor take the page away.
 */
const frame = (address: string): Html =>
  markup`<iframe src="${address}" title="" hidden sandbox="allow-scripts allow-same-origin"></iframe>`

/** Tells that nobody is signed in any more. */
export function signedOutPage(setting: Setting, view: SignedOutView): string {
  const { words } = setting
  const body = markup`<h1>${words.say('signedOut.title')}</h1>
<p>${words.say('signedOut.text')}</p>
${view.notice !== undefined && markup`<p class="note">${words.say('signedOut.notice')}</p>`}
${view.continueTo !== undefined && markup`<p><a id="continue" href="${view.continueTo}">${words.say('signedOut.continue')}</a></p>`}
<p class="quiet">${words.say('signedOut.shared')}</p>
${view.frames.map(frame)}`
  return layout(setting, { title: words.say('signedOut.title'), body })
}
