import { recoveryCodes, type SecondFactorView } from '@sallyport/server/model'
import { accountCard, appsLink, type SignedInAs } from './consent-page.ts'
import { codeInput } from './factor-page.ts'
import { hiddenFields, layout, problemSummary, type Problem, type Setting } from './layout.ts'
import { markup, trusted, type Html } from './markup.ts'

/** A key that was made for this person and is not theirs until they show that their app has it. */
export type NewKey = {
  readonly sealed: string
  readonly text: string
  readonly uri: string
  /** SVG of a QR code, of our own making; `undefined` where none can be drawn. */
  readonly picture: string | undefined
}

export type SecurityPage = {
  readonly account: SignedInAs
  readonly csrf: string
  /** What there is, or what is offered. */
  readonly factor: SecondFactorView | undefined
  readonly offered: NewKey | undefined
  readonly notice?: 'added' | 'removed' | undefined
  readonly problem?: Problem | undefined
}

const action = ({ base }: Setting): string => `${base}/account/security`

function addForm(setting: Setting, { csrf, problem }: SecurityPage, offered: NewKey): Html {
  const { words } = setting
  const { picture, text, uri, sealed } = offered
  return markup`<p>${words.say('security.none')}</p>
<h2>${words.say('security.addTitle')}</h2>
<p>${words.say('security.scan')}</p>
${picture !== undefined && markup`<div class="qr" role="img" aria-label="${words.say('security.picture')}">${trusted(picture)}</div>`}
<p>${words.say('security.key', { key: markup`<code id="key">${text}</code>` })}<br>
<a href="${uri}">${words.say('security.open')}</a></p>
<form id="enrol-form" method="post" action="${action(setting)}">
${hiddenFields({ csrf, step: 'enrol', key: sealed })}
<p>${words.say('security.confirm')}</p>
${codeInput(setting, 'enrol-code', problem, false)}
<button type="submit">${words.say('security.add')}</button>
</form>`
}

type Change = {
  readonly step: 'codes' | 'remove'
  readonly words:
    | readonly ['security.newTitle', 'security.new', 'security.make']
    | readonly ['security.removeTitle', 'security.removeHint', 'security.remove']
}

/** Both want a code: a password that somebody else learned must not be enough to take the second step away. */
function changeForm(setting: Setting, { csrf, problem }: SecurityPage, change: Change): Html {
  const { words } = setting
  const [title, hint, button] = change.words
  return markup`<h2>${words.say(title)}</h2>
<p>${words.say(hint)}</p>
<form id="${change.step}-form" method="post" action="${action(setting)}">
${hiddenFields({ csrf, step: change.step })}
${codeInput(setting, `${change.step}-code`, problem, false)}
<button type="submit" class="plain">${words.say(button)}</button>
</form>`
}

function changes(setting: Setting, page: SecurityPage, view: SecondFactorView): Html {
  const { words } = setting
  return markup`<p>${words.say('security.there', { date: words.date(view.factor.createdAt) })}<br>
${words.say('security.left', { count: view.recoveryLeft, all: recoveryCodes })}</p>
${changeForm(setting, page, { step: 'codes', words: ['security.newTitle', 'security.new', 'security.make'] })}
${changeForm(setting, page, { step: 'remove', words: ['security.removeTitle', 'security.removeHint', 'security.remove'] })}`
}

/** Where people look after the ways in which they sign in. */
export function securityPage(setting: Setting, page: SecurityPage): string {
  const { words, base } = setting
  const { account, factor, offered, notice, problem } = page
  const body = markup`${problemSummary(words, problem)}
${notice !== undefined && markup`<p class="note" role="status">${words.say(`security.${notice}`)}</p>`}
<h1>${words.say('security.title')}</h1>
${accountCard(words, account, markup`<a href="${base}/oauth2/logout">${words.say('signOut.submit')}</a>`)}
${factor !== undefined && changes(setting, page, factor)}${factor === undefined && offered !== undefined && addForm(setting, page, offered)}
<p class="quiet after">${appsLink(setting)}</p>`
  return layout(setting, { title: words.say('security.title'), body, problem: problem !== undefined })
}

/** Shows recovery codes, this once. */
export function recoveryCodesPage(setting: Setting, codes: readonly string[], added: boolean): string {
  const { words } = setting
  const body = markup`${added && markup`<p class="note" role="status">${words.say('security.added')}</p>`}
<h1>${words.say('security.codesTitle')}</h1>
<p class="lead">${words.say('security.codes')}</p>
<ul class="codes" id="recovery-codes">${codes.map((code) => markup`<li><code>${code}</code></li>`)}</ul>
<p><a href="${action(setting)}">${words.say('security.done')}</a></p>`
  return layout(setting, { title: words.say('security.codesTitle'), body })
}
