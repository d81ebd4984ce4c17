import { createHash } from 'node:crypto'
import { stateCookieName } from '../authorization/browser.ts'
import type { Context } from '../context.ts'
import type { HttpResponse } from '../model/http.ts'

/**
 * The one script that reads a cookie of this server. It says `unchanged`, `changed` or `error` to whoever asks, and to nobody
 * else; what it compares holds the asker's own origin, so an answer is of no use to another.
 */
const script = (cookie: string): string => `'use strict'
const read = () => {
  const found = document.cookie.split('; ').filter((one) => one.startsWith('${cookie}='))
  return found.length === 1 ? found[0].slice(${cookie.length + 1}) : ''
}
const judge = async (data, origin) => {
  const parts = typeof data === 'string' && data.length <= 1024 ? data.split(' ') : []
  const [clientId, state] = parts
  if (parts.length !== 2 || clientId === '' || !/^[\\w-]{43}\\.[\\w-]+$/.test(state)) return 'error'
  const salt = state.slice(state.indexOf('.') + 1)
  const text = new TextEncoder().encode([clientId, origin, read(), salt].join(' '))
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', text))
  const hash = btoa(String.fromCharCode(...digest)).replaceAll('+', '-').replaceAll('/', '_').replace('=', '')
  return hash + '.' + salt === state ? 'unchanged' : 'changed'
}
addEventListener('message', ({ data, origin, source }) => {
  if (source !== parent || source === window || !/^https?:/.test(origin)) return
  judge(data, origin).then((answer) => source.postMessage(answer, origin))
})
`

/** Applications of people's own machine are framed only where the issuer is there too. */
const framers = (ctx: Context): string => (ctx.secure ? 'https:' : 'https: http://localhost:* http://127.0.0.1:*')

/** The frame that applications ask whether the session is still the same (Session Management section 3.3, B-LOG-14). */
export function checkSession(ctx: Context): HttpResponse {
  const text = script(stateCookieName(ctx))
  const hash = createHash('sha256').update(text).digest('base64')
  return {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'public, max-age=300',
      // The only page that others may frame: it shows nothing, and nobody can press anything on it.
      'content-security-policy': `default-src 'none'; script-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors ${framers(ctx)}`,
      'cross-origin-resource-policy': 'cross-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    },
    body: `<!doctype html><html lang="en"><meta charset="utf-8"><title>Session</title><script>${text}</script></html>`,
  }
}
