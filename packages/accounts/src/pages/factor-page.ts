import type { OpenLogin } from '@sallyport/server/model'
import { hiddenFields, layout, problemSummary, type Problem, type Setting } from './layout.ts'
import { cancelHint } from './login-page.ts'
import { foreign, markup, type Html } from './markup.ts'

export const codeField = 'code'
/** Longer than any code; what was typed is never shown again. */
export const maxCodeLength = 40

/** The field for a code, with what is wrong with the one before. */
export function codeInput({ words }: Setting, id: string, problem: Problem | undefined, focus: boolean): Html {
  const invalid = problem?.field === id
  return markup`<div class="field">
<label for="${id}">${words.say('factor.code')}</label>
<input id="${id}" name="${codeField}" class="code" required maxlength="${maxCodeLength}" inputmode="text" autocomplete="one-time-code"
 autocapitalize="none" spellcheck="false" aria-describedby="${id}-hint"${invalid && markup` aria-invalid="true"`}${focus && markup` autofocus`}>
<p class="hint" id="${id}-hint">${words.say('factor.codeHint')}</p>
</div>`
}

export type FactorPage = {
  readonly open: OpenLogin
  /** True when a session asks for one factor more; false when the password was just right. */
  readonly more: boolean
  readonly problem?: Problem | undefined
}

/** Asks for the code of a second factor, or for a recovery code in its place. */
export function factorPage(setting: Setting, { open, more, problem }: FactorPage): string {
  const { words, base, brand } = setting
  const app = open.client === undefined ? undefined : foreign(open.client.name)
  const hidden = hiddenFields({ interaction: open.id, csrf: open.csrf })
  const intro =
    more && app !== undefined
      ? words.say('factor.more', { app, brand: brand.name })
      : words.say('factor.intro', { brand: brand.name })
  const without = markup`<form id="factor-without-form" class="cancel" method="post" action="${base}/login/code">
${hidden}
<button type="submit" class="plain" name="decision" value="without" aria-describedby="without-hint">${words.say('factor.without')}</button>
<p class="hint" id="without-hint">${words.say('factor.withoutHint', { app })}</p>
</form>`
  const body = markup`${problemSummary(words, problem)}
<h1>${words.say('factor.title')}</h1>
<p class="lead">${intro}</p>
<form id="factor-form" method="post" action="${base}/login/code">
${hidden}
${codeInput(setting, codeField, problem, problem === undefined)}
<button type="submit">${words.say('factor.submit')}</button>
</form>
<p class="hint">${words.say('factor.lost')}</p>
${open.optional && app !== undefined && without}
<form id="factor-cancel-form" class="cancel" method="post" action="${base}/login/code">
${hidden}
<button type="submit" class="plain" name="decision" value="cancel" aria-describedby="cancel-hint">${words.say('login.cancel')}</button>
<p class="hint" id="cancel-hint">${cancelHint(words, open)}</p>
</form>`
  return layout(setting, { title: words.say('factor.title'), body, problem: problem !== undefined })
}

/** Tells how long to wait after too many wrong codes. */
export function factorWaitPage(setting: Setting, retryAfter: number): string {
  const { words } = setting
  const time = markup`<strong>${words.duration(retryAfter)}</strong>`
  const body = markup`<h1>${words.say('factor.waitTitle')}</h1>
<p class="lead">${words.say('factor.wait', { time })}</p>
<p>${words.say('factor.waitHint')}</p>`
  return layout(setting, { title: words.say('factor.waitTitle'), body })
}
