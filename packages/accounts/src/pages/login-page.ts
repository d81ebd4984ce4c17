import { isPageRequest, type OpenLogin } from '@sallyport/server/model'
import type { Words } from '../messages/words.ts'
import { hiddenFields, layout, problemSummary, type Problem, type Setting } from './layout.ts'
import { foreign, markup, type Html } from './markup.ts'
import { returnAddress } from './return-address.ts'

export type LoginPage = {
  readonly open: OpenLogin
  /** Shown in the field; `login_hint` or what was typed before. */
  readonly username: string
  readonly problem?: Problem | undefined
}

export const maxUsernameLength = 256
export const maxPasswordLength = 1024

/** Ids of the fields, which are also their names. */
export const usernameField = 'username'
export const passwordField = 'password'

function field({ words }: Setting, kind: 'username' | 'password', value: string, page: LoginPage): Html {
  const { problem } = page
  const own = problem?.field === kind && problem.key !== 'problem.credentials'
  const invalid = problem !== undefined && (own || problem.key === 'problem.credentials')
  const secret = kind === 'password'
  const focus = problem === undefined && (secret ? page.username !== '' : page.username === '')
  return markup`<div class="field">
<label for="${kind}">${words.say(secret ? 'login.password' : 'login.username')}</label>
${own && markup`<p class="fault" id="${kind}-fault">${words.say(problem.key)}</p>`}
<input id="${kind}" name="${kind}" type="${secret ? 'password' : 'text'}" value="${secret ? '' : value}"
 autocomplete="${secret ? 'current-password' : 'username'}" required autocapitalize="none" spellcheck="false"
${invalid && markup` aria-invalid="true"`}${own && markup` aria-describedby="${kind}-fault"`}${focus && markup` autofocus`}>
</div>`
}

const intros = {
  device: 'login.introDevice',
  security: 'login.introSecurity',
  requests: 'login.introRequests',
} as const

const cancels = {
  device: 'login.cancelDevice',
  security: 'login.cancelSecurity',
  requests: 'login.cancelRequests',
} as const

/** Why somebody has to sign in: for an application, or for a page of ours. */
function intro({ words, brand }: Setting, { client, step, session, interaction: { request } }: OpenLogin): Html {
  if (client === undefined)
    return words.say(isPageRequest(request) ? intros[request.page] : 'login.introDevice', { brand: brand.name })
  const again = step === 'login' && session !== undefined
  return words.say(again ? 'login.again' : 'login.intro', { app: foreign(client.name), brand: brand.name })
}

export function cancelHint(words: Words, { interaction: { request } }: OpenLogin): Html {
  if (isPageRequest(request)) return words.say(cancels[request.page])
  return words.say('login.cancelHint', { host: foreign(returnAddress(request.redirectUri).host) })
}

/** Asks for user name and password. Unknown people and wrong passwords get the same page, byte for byte but for tokens. */
export function loginPage(setting: Setting, page: LoginPage): string {
  const { words } = setting
  const { open } = page
  const hidden = hiddenFields({ interaction: open.id, csrf: open.csrf })
  const body = markup`${problemSummary(words, page.problem)}
<h1>${words.say('login.title')}</h1>
<p class="lead">${intro(setting, open)}</p>
<form id="login-form" method="post" action="${setting.base}/login">
${hidden}
${field(setting, 'username', page.username, page)}
${field(setting, 'password', '', page)}
<button type="submit">${words.say('login.submit')}</button>
</form>
<form id="login-cancel-form" class="cancel" method="post" action="${setting.base}/login">
${hidden}
<button type="submit" class="plain" name="decision" value="cancel" aria-describedby="cancel-hint">${words.say('login.cancel')}</button>
<p class="hint" id="cancel-hint">${cancelHint(words, open)}</p>
</form>`
  const title =
    open.client === undefined ? words.say('login.title') : words.say('login.titleFor', { app: open.client.name })
  return layout(setting, { title, body, problem: page.problem !== undefined })
}
