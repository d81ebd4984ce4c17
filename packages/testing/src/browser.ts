import type { Seconds } from '@sallyport/protocol'
import type { HttpRequest, HttpResponse } from '@sallyport/server/model'
import { answerOf, type Answer } from './answer.ts'
import { createCookieJar, type CookieJar } from './cookie-jar.ts'
import { formsOf, type HtmlForm } from './html-forms.ts'

export type BrowserOptions = {
  readonly handle: (request: HttpRequest) => Promise<HttpResponse>
  /** Origin of the server, such as `https://as.test`. */
  readonly origin: string
  readonly now: () => Seconds
  readonly remoteAddress?: string | undefined
  readonly userAgent?: string | undefined
}

type Fields = Readonly<Record<string, string>>

/** Where a browser came to rest: on a page, or before an address of another origin. */
export type Visit = {
  readonly answer: Answer
  /** Address of the last request. */
  readonly url: string
  /** Every answer on the way, the last one included. */
  readonly hops: readonly Answer[]
  readonly forms: readonly HtmlForm[]
  /** An address of another origin, which the browser would ask next. */
  readonly leftFor: string | undefined
}

/** A browser without windows: it keeps cookies, follows redirects and posts forms as they stand in the page. */
export type Browser = {
  readonly jar: CookieJar
  /** One request; redirects are not followed. */
  readonly get: (url: string, headers?: Fields) => Promise<Answer>
  /** One form post, with the headers a browser sends from a page that allows no referrer. */
  readonly post: (url: string, fields: Fields, headers?: Fields) => Promise<Answer>
  /** Asks for an address and follows redirects inside the server. */
  readonly open: (url: string) => Promise<Visit>
  /** Posts an encoded form from a page of another site, so that SameSite=Lax cookies stay at home, and follows redirects. */
  readonly postFromElsewhere: (url: string, body: string, site: string) => Promise<Visit>
  /**
   * Posts the form with this id and follows redirects. `fields` replace or add values. Throws when the page has no such
   * form.
   */
  readonly submit: (visit: Visit, formId: string, fields?: Fields) => Promise<Visit>
}

const maxHops = 20

/** Opens a browser with an empty cookie jar. */
export function createBrowser(options: BrowserOptions): Browser {
  const { handle, origin, now, remoteAddress = '192.0.2.10', userAgent = 'Mozilla/5.0 (test)' } = options
  const jar = createCookieJar(now)

  const send = async (method: 'GET' | 'POST', url: string, body: string | undefined, more: Fields): Promise<Answer> => {
    const target = new URL(url, origin)
    const headers: Record<string, string> = { 'user-agent': userAgent, accept: 'text/html', ...more }
    // SameSite=Lax: a form of another site brings no cookies along; a link and a redirect do.
    const withheld = method === 'POST' && more['sec-fetch-site'] === 'cross-site'
    const cookie = withheld ? undefined : jar.header(target.protocol === 'https:')
    if (cookie !== undefined) headers['cookie'] ??= cookie
    if (body !== undefined) headers['content-type'] ??= 'application/x-www-form-urlencoded'
    const response = await handle({
      method,
      path: target.pathname,
      query: target.search.slice(1),
      headers,
      body: body === undefined ? undefined : Buffer.from(body),
      remoteAddress,
    })
    const answer = answerOf(response)
    jar.take(answer.cookies)
    return answer
  }

  const get = (url: string, headers: Fields = {}): Promise<Answer> => send('GET', url, undefined, headers)
  const post = (url: string, fields: Fields, headers: Fields = {}): Promise<Answer> =>
    send('POST', url, new URLSearchParams(fields).toString(), {
      origin: 'null',
      'sec-fetch-site': 'same-origin',
      ...headers,
    })

  const follow = async (first: Answer, url: string): Promise<Visit> => {
    const hops = [first]
    let current = first
    let address = url
    while (current.status === 303 && current.location !== undefined) {
      if (hops.length > maxHops) throw new Error('the redirects do not end')
      // Only http addresses have an origin to compare; anything else belongs to an application.
      const inside =
        /^(?:https?:\/\/|\/)/.test(current.location) && new URL(current.location, address).origin === origin
      if (!inside) return { answer: current, url: address, hops, forms: [], leftFor: current.location }
      address = new URL(current.location, address).href
      current = await get(address)
      hops.push(current)
    }
    return { answer: current, url: address, hops, forms: formsOf(current.text), leftFor: undefined }
  }

  return {
    jar,
    get,
    post,
    open: async (url) => follow(await get(url), new URL(url, origin).href),
    postFromElsewhere: async (url, body, site) =>
      follow(
        await send('POST', url, body, { origin: site, 'sec-fetch-site': 'cross-site' }),
        new URL(url, origin).href,
      ),
    submit: async (visit, formId, fields = {}) => {
      const form = visit.forms.find(({ id }) => id === formId)
      if (form === undefined) throw new Error(`no form ${formId} on ${visit.url}: ${visit.answer.text.slice(0, 500)}`)
      const action = new URL(form.action, visit.url).href
      return follow(await post(action, { ...form.fields, ...fields }), action)
    },
  }
}
