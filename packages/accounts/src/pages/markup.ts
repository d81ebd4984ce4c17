import { html, raw } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'

/** Text that is already safe to stand in a page. */
export type Html = HtmlEscapedString

/** What may stand in a page; a plain string is escaped, `false` and `undefined` leave nothing behind. */
export type Child = Html | string | number | false | undefined | readonly Child[]

/** Tag for templates of HTML: every value is escaped unless it came from this tag (XS-01). */
export function markup(strings: TemplateStringsArray, ...children: readonly Child[]): Html {
  const page = html(strings, ...children)
  // Only children that are promises make the tag asynchronous, and the type of a child has none.
  if (page instanceof Promise) throw new TypeError('a page cannot wait')
  return page
}

/** Takes the operator's own markup, such as a logo, as it is. Nothing from a request or a record may get here. */
export const trusted = (text: string): Html => raw(text)

/** A name somebody else chose: kept apart from the text around it, whatever its writing direction. */
export const foreign = (name: string): Html => markup`<bdi class="name">${name}</bdi>`
