import type { FormPostView } from '@sallyport/server/model'
import { hiddenFields, layout, type Setting } from './layout.ts'
import { markup } from './markup.ts'

/** Takes the answer to the application: the script sends the form off, and where none runs the person does (B-OIDC-34). */
export function formPostPage(setting: Setting, { action, fields, scriptNonce }: FormPostView): string {
  const { words } = setting
  const body = markup`<h1>${words.say('formPost.title')}</h1>
<p>${words.say('formPost.text')}</p>
<form id="authorization-response" method="post" action="${action}">
${hiddenFields(fields)}
<button type="submit">${words.say('formPost.submit')}</button>
</form>
<script nonce="${scriptNonce}">document.getElementById('authorization-response').submit()</script>`
  return layout(setting, { title: words.say('formPost.title'), body })
}
