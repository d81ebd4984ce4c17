import type { DeviceStep, OpenDevice } from '@sallyport/server/model'
import type { Words } from '../messages/words.ts'
import { askedItems } from './asked-items.ts'
import { accountCard, appsLink, type SignedInAs } from './consent-page.ts'
import { hiddenFields, layout, problemSummary, type Problem, type Setting } from './layout.ts'
import { foreign, markup, type Html } from './markup.ts'

export type EnterPage = {
  readonly step: Extract<DeviceStep, { step: 'enter' }>
  readonly account: SignedInAs
}

const codeField = 'user_code'

const problems = {
  code: { key: 'problem.deviceCode', field: codeField },
  over: { key: 'problem.deviceOver' },
} as const satisfies Record<string, Problem>

const switchLink = ({ words, base }: Setting): Html =>
  markup`<a href="${base}/oauth2/logout">${words.say('device.switch')}</a>`

/** Asks for the code. One that came with a link stands in the field and is still sent by the person (A-DEV-08). */
export function deviceEnterPage(setting: Setting, { step, account }: EnterPage): string {
  const { words } = setting
  const problem = step.problem === undefined ? undefined : problems[step.problem]
  const wrong = step.problem === 'code'
  const body = markup`${problemSummary(words, problem)}
<h1>${words.say('device.heading')}</h1>
<p class="lead">${words.say('device.intro')}</p>
<form id="device-form" method="post" action="${setting.base}/device">
${hiddenFields({ csrf: step.csrf })}
<div class="field">
<label for="${codeField}">${words.say('device.code')}</label>
<input id="${codeField}" name="${codeField}" class="code" value="${step.typed}" required maxlength="40" autocomplete="off"
 autocapitalize="characters" spellcheck="false" aria-describedby="code-hint"${wrong && markup` aria-invalid="true"`}${problem === undefined && markup` autofocus`}>
<p class="hint" id="code-hint">${words.say('device.codeHint')}</p>
</div>
<p class="note">${words.say('device.warning')}</p>
<button type="submit">${words.say('device.continue')}</button>
</form>
${accountCard(words, account, switchLink(setting))}`
  return layout(setting, { title: words.say('device.title'), body, problem: problem !== undefined })
}

export type DecidePage = {
  readonly open: OpenDevice
  readonly account: SignedInAs
  readonly now: number
  /** A form came back without a decision. */
  readonly undecided: boolean
}

/** Where and when the request began, in words; what the device says of itself is marked as its own claim. */
function origin(words: Words, { since, network, sameNetwork, userAgent, client }: OpenDevice, now: number): Html {
  const shown = markup`<bdi>${network}</bdi>`
  const host = client.clientUri === undefined ? undefined : new URL(client.clientUri).host
  const from = words.say(sameNetwork ? 'device.same' : 'device.other', { network: shown })
  return markup`<ul class="origin">
<li>${words.say('device.ago', { time: words.duration(now - since) })}${sameNetwork && markup` ${from}`}</li>
${userAgent !== '' && markup`<li>${words.say('device.says', { device: foreign(userAgent) })}</li>`}
${host !== undefined && markup`<li>${words.say('device.website', { host: foreign(host) })}</li>`}
</ul>
${!sameNetwork && markup`<p class="note" id="elsewhere">${from}</p>`}`
}

/**
 * Asks whether to let a device in (A-DEV-07). Deny comes first, has the size of Allow, and has the focus, so that a stray
 * Enter gives nothing away.
 */
export function deviceDecidePage(setting: Setting, { open, account, now, undecided }: DecidePage): string {
  const { words, brand } = setting
  const app = foreign(open.client.name)
  const problem: Problem | undefined = undecided ? { key: 'problem.deviceChoice' } : undefined
  const body = markup`${problemSummary(words, problem)}
<h1>${words.say('device.decideHeading', { app })}</h1>
<div class="where">
<p class="hint">${words.say('device.compare')}</p>
<p class="host code" id="user-code"><bdi>${open.userCode}</bdi></p>
</div>
${origin(words, open, now)}
${accountCard(words, account, switchLink(setting))}
<p>${words.say('consent.able', { app })}</p>
${askedItems(words, { ...open, claims: [] })}
<h2>${words.say('device.question')}</h2>
<p>${words.say('device.questionHint')}</p>
<form id="decision-form" method="post" action="${setting.base}/device">
${hiddenFields({ step: 'decide', user_code: open.userCode, csrf: open.csrf })}
<div class="decide">
<button type="submit" name="decision" value="deny" class="other"${!undecided && markup` autofocus`}>${words.say('device.deny')}</button>
<button type="submit" name="decision" value="allow">${words.say('device.allow')}</button>
</div>
<div class="cancel">
<button type="submit" name="decision" value="disown" class="plain" aria-describedby="disown-hint">${words.say('device.disown')}</button>
<p class="hint" id="disown-hint">${words.say('device.disownHint', { brand: brand.name })}</p>
</div>
</form>`
  return layout(setting, {
    title: words.say('device.decideTitle', { app: open.client.name }),
    body,
    problem: undecided,
  })
}

const endings = {
  allow: ['device.approvedTitle', 'device.approved'],
  deny: ['device.deniedTitle', 'device.denied'],
  disown: ['device.disownedTitle', 'device.disowned'],
} as const

/** Tells what became of it, and where access is taken back. */
export function deviceDonePage(setting: Setting, decision: Extract<DeviceStep, { step: 'done' }>['decision']): string {
  const { words, brand } = setting
  const [title, text] = endings[decision]
  const withdraw = markup`<p class="quiet">${words.say('device.withdraw', { page: appsLink(setting) })}</p>`
  const body = markup`<h1>${words.say(title)}</h1>
<p>${words.say(text, { brand: brand.name })}</p>
${decision === 'allow' && withdraw}`
  return layout(setting, { title: words.say(title), body })
}

/** Tells how long to wait after too many wrong codes. */
export function deviceWaitPage(setting: Setting, seconds: number): string {
  const { words } = setting
  const time = markup`<strong>${words.duration(seconds)}</strong>`
  const body = markup`<h1>${words.say('device.waitTitle')}</h1>
<p class="lead">${words.say('device.wait', { time })}</p>
<p>${words.say('device.waitHint')}</p>`
  return layout(setting, { title: words.say('device.waitTitle'), body })
}
