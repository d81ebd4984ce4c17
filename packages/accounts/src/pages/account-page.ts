import type { OpenInteraction } from '@sallyport/server/model'
import { accountCard, type SignedInAs } from './consent-page.ts'
import { hiddenFields, layout, problemSummary, type Problem, type Setting } from './layout.ts'
import { foreign, markup } from './markup.ts'

export type AccountPage = {
  readonly open: OpenInteraction
  /** The account in use; `undefined` when only others are signed in at this browser. */
  readonly account: SignedInAs | undefined
  /** Accounts that stand aside, by the id of their session. */
  readonly others: readonly { readonly id: string; readonly account: SignedInAs }[]
  readonly problem?: Problem | undefined
}

/** With the user name, since two people may have the same name. */
const nameOf = ({ name, username }: SignedInAs): string =>
  username === undefined || username === name ? name : `${name} (${username})`

/** Lets a person keep the account that is signed in, take another, or give up (`prompt=select_account`). */
export function accountPage(setting: Setting, { open, account, others, problem }: AccountPage): string {
  const { words } = setting
  const body = markup`${problemSummary(words, problem)}
<h1>${words.say('account.heading', { app: foreign(open.client.name) })}</h1>
${account !== undefined && accountCard(words, account)}
<form id="account-form" method="post" action="${setting.base}/account-choice">
${hiddenFields({ interaction: open.id, csrf: open.csrf })}
${account !== undefined && markup`<button type="submit" name="decision" value="keep">${words.say('account.keep', { name: account.name })}</button>`}
${others.map(
  (other) =>
    markup`<button type="submit" name="account" value="${other.id}" class="plain cancel">${words.say('account.keep', {
      name: nameOf(other.account),
    })}</button>`,
)}
<button type="submit" name="decision" value="other" class="plain cancel">${words.say('account.other')}</button>
<button type="submit" name="decision" value="cancel" class="plain cancel">${words.say('account.cancel')}</button>
</form>`
  return layout(setting, {
    title: words.say('account.heading', { app: open.client.name }),
    body,
    problem: problem !== undefined,
  })
}
