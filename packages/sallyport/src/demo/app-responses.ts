import { STATUS_CODES, type ServerResponse } from 'node:http'
import type { Exchange } from './exchange.ts'

/** An answer of the demo app. */
export type AppResponse = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Headers of every page; forms may go to the app itself and, through its redirects, to the issuer. */
export const page = (html: string, issuer: string, options: { status?: number; nonce?: string } = {}): AppResponse => ({
  status: options.status ?? 200,
  headers: {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy':
      `default-src 'none'; ${options.nonce === undefined ? '' : `script-src 'nonce-${options.nonce}'; `}style-src 'self'; ` +
      `img-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' ${issuer}`,
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cross-origin-opener-policy': 'same-origin',
  },
  body: html,
})

/** 303, so that a form is never sent on. */
export const seeOther = (location: string): AppResponse => ({
  status: 303,
  headers: { location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' },
  body: '',
})

export const plain = (status: number, text: string): AppResponse => ({
  status,
  headers: {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  },
  body: `${text}\n`,
})

/** A request that came in, with the answer that the app gives to it. */
export const answeredBy = ({ request }: Exchange, { status, headers, body }: AppResponse): Exchange => ({
  request,
  answer: { status, statusText: STATUS_CODES[status] ?? '', headers: Object.entries(headers), body },
})

export function write(res: ServerResponse, { status, headers, body }: AppResponse, cookie: string | undefined): void {
  if (cookie !== undefined) res.setHeader('set-cookie', cookie)
  res.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body)
}
