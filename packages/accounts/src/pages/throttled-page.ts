import type { OpenLogin } from '@sallyport/server/model'
import { layout, pageAddress, type Setting } from './layout.ts'
import { markup } from './markup.ts'

/** Tells how long to wait after too many failed attempts, and that nothing is locked (A-RATE-02). */
export function throttledPage(setting: Setting, open: OpenLogin, retryAfter: number): string {
  const { words } = setting
  const time = markup`<strong>${words.duration(retryAfter)}</strong>`
  const body = markup`<h1>${words.say('throttled.title')}</h1>
<p class="lead">${words.say('throttled.what')}</p>
<p>${words.say('throttled.wait', { time })}</p>
<p>${words.say('throttled.forgotten')}</p>
<p><a href="${pageAddress(setting.base, '/login', open.id)}">${words.say('throttled.back')}</a></p>`
  return layout(setting, { title: words.say('throttled.title'), body })
}
