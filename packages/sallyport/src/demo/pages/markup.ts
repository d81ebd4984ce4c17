import { html, raw } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'

/** Text that is already safe to stand in a page. */
export type Html = HtmlEscapedString

/** What may stand in a page; a plain string is escaped, `false` and `undefined` leave nothing behind. */
export type Child = Html | string | number | false | undefined | readonly Child[]

/** Tag for templates of HTML: every value is escaped unless it came from this tag. */
export function markup(strings: TemplateStringsArray, ...children: readonly Child[]): Html {
  const page = html(strings, ...children)
  // Only children that are promises make the tag asynchronous, and the type of a child has none.
  if (page instanceof Promise) throw new TypeError('a page cannot wait')
  return page
}

/** Takes markup that was written in this source as it is. Nothing from a request may get here. */
export const trusted = (text: string): Html => raw(text)
