import type { WaitingRequest, WaitingStep } from '@sallyport/server/model'
import { askedItems } from './asked-items.ts'
import { accountCard, appsLink, type SignedInAs } from './consent-page.ts'
import { hiddenFields, layout, problemSummary, type Problem, type Setting } from './layout.ts'
import { foreign, markup, type Html } from './markup.ts'

export type RequestsPage = {
  readonly requests: readonly WaitingRequest[]
  readonly account: SignedInAs
  readonly now: number
  readonly problem: Extract<WaitingStep, { step: 'list' }>['problem']
}

const path = '/account/requests'

const problems = {
  over: { key: 'problem.requestOver' },
  undecided: { key: 'problem.requestChoice' },
} as const satisfies Record<string, Problem>

/** What the person compares: the words of the application are its own, and marked as such. */
function message({ words }: Setting, { bindingMessage }: WaitingRequest): Html {
  if (bindingMessage === undefined) return markup`<p class="note">${words.say('requests.noMessage')}</p>`
  return markup`<div class="where">
<p class="hint">${words.say('requests.compare')}</p>
<p class="host">${foreign(bindingMessage)}</p>
</div>`
}

/** One request. Deny comes first, as everywhere where somebody else may have begun it. */
function requestCard(setting: Setting, request: WaitingRequest, index: number, now: number): Html {
  const { words, brand } = setting
  const app = foreign(request.client.name)
  const network = markup`<bdi>${request.network}</bdi>`
  return markup`<div class="app" role="group" aria-labelledby="request-${index}">
<h2 id="request-${index}">${words.say('requests.heading', { app })}</h2>
${message(setting, request)}
<ul class="origin">
<li>${words.say('requests.ago', { time: words.duration(now - request.since), network })}</li>
<li>${words.say('requests.until', { time: words.duration(request.expiresAt - now) })}</li>
</ul>
<p>${words.say('consent.able', { app })}</p>
${askedItems(words, { ...request, claims: [] })}
<p><strong>${words.say('requests.question')}</strong> ${words.say('requests.questionHint', { app })}</p>
<form id="request-${index}-form" method="post" action="${setting.base}${path}">
${hiddenFields({ request: request.id, csrf: request.csrf })}
<div class="decide">
<button type="submit" name="decision" value="deny" class="other">${words.say('requests.deny')}</button>
<button type="submit" name="decision" value="allow">${words.say('requests.allow')}</button>
</div>
<div class="cancel">
<button type="submit" name="decision" value="disown" class="plain" aria-describedby="disown-${index}">${words.say('requests.disown')}</button>
<p class="hint" id="disown-${index}">${words.say('requests.disownHint', { brand: brand.name })}</p>
</div>
</form>
</div>`
}

/** What waits for the person who is signed in, each with who asks, for what, since when and from where (B-CIBA-07). */
export function requestsPage(setting: Setting, { requests, account, now, problem }: RequestsPage): string {
  const { words } = setting
  const list =
    requests.length === 0
      ? markup`<p>${words.say('requests.none')}</p>`
      : requests.map((request, index) => requestCard(setting, request, index, now))
  const body = markup`${problemSummary(words, problem === undefined ? undefined : problems[problem])}
<h1>${words.say('requests.title')}</h1>
<p>${words.say('requests.intro')}</p>
${accountCard(words, account, markup`<a href="${setting.base}/oauth2/logout">${words.say('device.switch')}</a>`)}
${list}`
  return layout(setting, { title: words.say('requests.title'), body, problem: problem !== undefined })
}

const endings = {
  allow: ['requests.approvedTitle', 'requests.approved'],
  deny: ['requests.deniedTitle', 'requests.denied'],
  disown: ['requests.disownedTitle', 'requests.disowned'],
} as const

/** Tells what became of it, and where access is taken back. */
export function requestDonePage(
  setting: Setting,
  decision: Extract<WaitingStep, { step: 'done' }>['decision'],
): string {
  const { words, brand } = setting
  const [title, text] = endings[decision]
  const withdraw = markup`<p class="quiet">${words.say('device.withdraw', { page: appsLink(setting) })}</p>`
  const body = markup`<h1>${words.say(title)}</h1>
<p>${words.say(text, { brand: brand.name })}</p>
${decision === 'allow' && withdraw}
<p><a href="${setting.base}${path}">${words.say('requests.more')}</a></p>`
  return layout(setting, { title: words.say(title), body })
}
