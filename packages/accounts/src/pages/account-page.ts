import type { OpenInteraction } from '@sallyport/server/model'
import { accountCard, type SignedInAs } from './consent-page.ts'
import { hiddenFields, layout, problemSummary, type Problem, type Setting } from './layout.ts'
import { foreign, markup } from './markup.ts'

export type AccountPage = {
  readonly open: OpenInteraction
  readonly account: SignedInAs
  readonly problem?: Problem | undefined
}

/** Lets a person keep the account that is signed in, take another, or give up (`prompt=select_account`). */
export function accountPage(setting: Setting, { open, account, problem }: AccountPage): string {
  const { words } = setting
  const body = markup`${problemSummary(words, problem)}
<h1>${words.say('account.heading', { app: foreign(open.client.name) })}</h1>
${accountCard(words, account)}
<form id="account-form" method="post" action="${setting.base}/account-choice">
${hiddenFields({ interaction: open.id, csrf: open.csrf })}
<button type="submit" name="decision" value="keep">${words.say('account.keep', { name: account.name })}</button>
<button type="submit" name="decision" value="other" class="plain cancel">${words.say('account.other')}</button>
<button type="submit" name="decision" value="cancel" class="plain cancel">${words.say('account.cancel')}</button>
</form>`
  return layout(setting, {
    title: words.say('account.heading', { app: open.client.name }),
    body,
    problem: problem !== undefined,
  })
}
