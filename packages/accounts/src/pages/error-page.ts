import type { ErrorView } from '@sallyport/server/model'
import type { MessageKey } from '../messages/en.ts'
import { difference, nearestFirst, type Stretch } from './difference.ts'
import { layout, type Setting } from './layout.ts'
import { foreign, markup, type Html } from './markup.ts'

type ErrorText =
  | 'request'
  | 'http'
  | 'method'
  | 'client'
  | 'redirect'
  | 'expired'
  | 'browser'
  | 'form'
  | 'denied'
  | 'logout'
  | 'webView'
  | 'throttled'
  | 'busy'
  | 'internal'

/** Which words go with which help page; whatever is not here is a faulty request of the application. */
const texts: Readonly<Record<string, ErrorText>> = {
  'http-request': 'http',
  'unknown-client': 'client',
  'redirect-uri': 'redirect',
  'interaction-expired': 'expired',
  'wrong-browser': 'browser',
  csrf: 'form',
  'access-denied': 'denied',
  logout: 'logout',
  'web-view': 'webView',
  throttled: 'throttled',
  unavailable: 'busy',
  'server-error': 'internal',
}

/** Reasons whose page is shared with others but whose words are not. */
const exceptions: Readonly<Record<string, ErrorText>> = {
  untrusted_redirect: 'request',
  method: 'method',
  content_type: 'request',
  encoding: 'request',
  size: 'request',
  header_duplicated: 'request',
  expectation: 'request',
  framing: 'request',
  query_on_post: 'request',
  query_credential: 'request',
}

function textOf(view: ErrorView): ErrorText {
  if (Object.hasOwn(exceptions, view.reason)) return exceptions[view.reason] ?? 'request'
  return Object.hasOwn(texts, view.entry.page) ? (texts[view.entry.page] ?? 'request') : 'request'
}

const marked = (stretches: readonly Stretch[]): Html =>
  markup`${stretches.map(({ text, differs }) => (differs ? markup`<mark>${text}</mark>` : text))}`

const uri = (text: Html): Html => markup`<dd class="uri" dir="ltr" translate="no">${text}</dd>`

/** In development: what was sent beside what is registered, with the differing characters marked. */
function comparison({ words }: Setting, { sent, registered }: NonNullable<ErrorView['comparison']>): Html {
  const [first, ...rest] = nearestFirst(sent, registered)
  const { left, right, position } = difference(sent, first ?? sent)
  const others = rest.map((other) => uri(markup`${other}`))
  return markup`<section aria-labelledby="comparison">
<h2 id="comparison">${words.say('error.comparison')}</h2>
<dl class="compare">
<div><dt>${words.say('error.sent')}</dt>${uri(marked(left))}</div>
${first !== undefined && markup`<div><dt>${words.say('error.registered')}</dt>${uri(marked(right))}</div>`}
${rest.length > 0 && markup`<div class="all"><dt>${words.say('error.alsoRegistered')}</dt>${others}</div>`}
</dl>
<p class="hint">${first === undefined ? words.say('error.noneRegistered') : words.say('error.difference', { position })}</p>
</section>`
}

/** What operators and developers need to find the cause: fixed words and ids, nothing the request brought along. */
function detail({ words }: Setting, view: ErrorView): Html {
  return markup`<section class="detail" aria-labelledby="detail">
<h2 id="detail">${words.say('error.detail')}</h2>
<dl class="facts">
<dt>${words.say('error.reason')}</dt><dd><code>${view.reason}</code></dd>
<dt>${words.say('error.meaning')}</dt><dd>${words.say(`reason.${view.reason}`)}</dd>
<dt>${words.say('error.request')}</dt><dd><code>${view.requestId}</code></dd>
</dl>
${view.helpUrl !== undefined && markup`<p class="help"><a href="${view.helpUrl}">${words.say('error.help')}</a></p>`}
</section>`
}

function onward({ words }: Setting, { continueTo }: ErrorView): Html | undefined {
  if (continueTo === undefined) return undefined
  const link = words.say('error.continue', { host: foreign(continueTo.host) })
  return markup`<div class="where"><p class="hint">${words.say('error.continueText')}</p>
<p class="host"><a href="${continueTo.url}" rel="noreferrer">${link}</a></p></div>`
}

/** Says what happened and what to do next (A-UI-12). */
export function errorPage(setting: Setting, view: ErrorView): string {
  const { words } = setting
  const text = textOf(view)
  const key = (part: 'title' | 'what' | 'next'): MessageKey => `error.${text}.${part}`
  const { clientName } = view
  const body = markup`<h1>${words.say(key('title'))}</h1>
<p class="lead">${words.say(key('what'))}${clientName !== undefined && markup` ${words.say('error.app', { app: foreign(clientName) })}`}</p>
<h2>${words.say('error.next')}</h2>
<p>${words.say(key('next'))}</p>
${onward(setting, view)}
${view.comparison !== undefined && comparison(setting, view.comparison)}
${detail(setting, view)}`
  return layout(setting, { title: words.say(key('title')), body, wide: view.comparison !== undefined })
}
