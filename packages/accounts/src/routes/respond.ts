import type { HttpRequest, HttpResponse, OpenLogin, RouteHost } from '@sallyport/server/model'
import { pageAddress, type Setting } from '../pages/layout.ts'

/** Sends the browser to another page of the same interaction; 303, so that nothing posted goes along (CS-18). */
export const seeOther = ({ base }: Setting, path: string, open: OpenLogin): HttpResponse => ({
  status: 303,
  headers: {
    location: pageAddress(base, path, open.id),
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
  },
  body: '',
})

/** Shows a page whose form may end at the application the person came from (A-UI-02). */
export const show = (
  host: RouteHost,
  open: OpenLogin,
  html: string,
  answer: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> } = {},
): HttpResponse => host.page(html, { ...answer, formAction: open.redirectSource })

/** One more cookie beside those an answer already sets. */
export function withCookie(response: HttpResponse, cookie: string): HttpResponse {
  const before = response.headers['set-cookie'] ?? []
  const cookies = typeof before === 'string' ? [before, cookie] : [...before, cookie]
  return { ...response, headers: { ...response.headers, 'set-cookie': cookies } }
}

/** A request header that stands there once. */
export function header(request: HttpRequest, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' ? value : undefined
}
