import type { BenchClient } from '../deployment.ts'

/** The Authorization header line of client_secret_basic: both halves are form-encoded first (RFC 6749 2.3.1). */
export function basicAuthorization(client: BenchClient): string {
  const pair = `${encodeURIComponent(client.id)}:${encodeURIComponent(client.secret)}`
  return `authorization: Basic ${Buffer.from(pair).toString('base64')}\r\n`
}

/** The constant part of a form POST; `headers` are complete lines. */
export function postStart(url: URL, headers: string): string {
  return (
    `POST ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\naccept: application/json\r\n${headers}` +
    'content-type: application/x-www-form-urlencoded\r\ncontent-length: '
  )
}

/** A complete form POST from its constant part. The body is ASCII, so its length in characters is its length in bytes. */
export const postRequest = (start: string, body: string): string => `${start}${body.length}\r\n\r\n${body}`

/** A GET as a browser sends it; `cookie` may be empty. */
export function browserGet(path: string, host: string, cookie: string): string {
  const cookies = cookie === '' ? '' : `cookie: ${cookie}\r\n`
  return `GET ${path} HTTP/1.1\r\nhost: ${host}\r\naccept: text/html\r\n${cookies}\r\n`
}
