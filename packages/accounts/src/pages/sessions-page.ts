import type { OtherSession, OwnSessionsView, Session } from '@sallyport/server/model'
import { browserName } from '../browser-name.ts'
import { accountCard, type SignedInAs } from './consent-page.ts'
import { hiddenFields, layout, type Setting } from './layout.ts'
import { markup, type Html } from './markup.ts'

export type SessionsPage = {
  /** `undefined` when nobody is signed in at this browser. */
  readonly view: OwnSessionsView | undefined
  readonly account: SignedInAs | undefined
  /** Something was ended just now. */
  readonly ended: boolean
}

/** Which browser, since when, used when, and in which network the person signed in. */
function facts({ words }: Setting, { createdAt, seenAt, network }: Session): Html {
  return markup`<p class="hint">${words.say('sessions.since', { time: words.time(createdAt) })}
${words.say('sessions.seen', { time: words.time(seenAt) })}
${network !== '' && words.say('sessions.network', { network: markup`<bdi>${network}</bdi>` })}</p>`
}

const nameOf = ({ words }: Setting, { userAgent }: Session): Html =>
  markup`${browserName(userAgent) ?? words.say('sessions.unknown')}`

function otherCard(setting: Setting, { session, csrf }: OtherSession, index: number): Html {
  const { words } = setting
  return markup`<div class="app" role="group" aria-labelledby="session-${index}">
<h2 id="session-${index}">${nameOf(setting, session)}</h2>
${facts(setting, session)}
<form id="end-${index}-form" method="post" action="${setting.base}/account/sessions">
${hiddenFields({ session: session.id, csrf })}
<button type="submit" class="plain" aria-describedby="session-${index}">${words.say('sessions.end')}</button>
</form>
</div>`
}

function lists(setting: Setting, { current, others, csrf }: OwnSessionsView): Html {
  const { words } = setting
  return markup`<section class="app" aria-labelledby="session-here">
<h2 id="session-here">${nameOf(setting, current)} – ${words.say('sessions.here')}</h2>
${facts(setting, current)}
</section>
${others.map((other, index) => otherCard(setting, other, index))}
${
  others.length > 1 &&
  markup`<form id="end-others-form" class="after" method="post" action="${setting.base}/account/sessions">
${hiddenFields({ csrf })}
<button type="submit">${words.say('sessions.endOthers')}</button>
</form>`
}
<p class="quiet after">${words.say(others.length === 0 ? 'sessions.only' : 'sessions.hint')}</p>
<p class="quiet"><a href="${setting.base}/account/apps">${words.say('apps.title')}</a></p>`
}

/** Where a person is signed in, each with a way to end it. */
export function sessionsPage(setting: Setting, { view, account, ended }: SessionsPage): string {
  const { words } = setting
  const heading = markup`<h1>${words.say('sessions.title')}</h1>`
  const body =
    view === undefined || account === undefined
      ? markup`${heading}<p>${words.say('sessions.nobody')}</p>`
      : markup`${ended && markup`<p class="note" role="status">${words.say('sessions.ended')}</p>`}${heading}
${accountCard(words, account, markup`<a href="${setting.base}/oauth2/logout">${words.say('signOut.submit')}</a>`)}
${lists(setting, view)}`
  return layout(setting, { title: words.say('sessions.title'), body })
}
