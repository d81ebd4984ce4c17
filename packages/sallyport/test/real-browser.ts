import { seconds } from '@sallyport/protocol'
import { createBrowser, type Browser } from '@sallyport/testing'
import { issuer } from './cli.ts'

/**
 * A browser without windows that talks to a daemon over a real socket. The daemon listens on a free port while its issuer
 * names another one, so addresses of the issuer are asked at the port that is really open.
 * `more` are headers that something in front of the daemon adds to each request.
 */
export function browserOf(url: string, origin = issuer, more: Readonly<Record<string, string>> = {}): Browser {
  return createBrowser({
    origin,
    now: () => seconds(Date.now() / 1000),
    handle: async ({ method, path, query, headers, body }) => {
      const response = await fetch(`${url}${path}${query === '' ? '' : `?${query}`}`, {
        method,
        redirect: 'manual',
        headers: Object.entries({ ...headers, ...more }).flatMap(([name, value]): [string, string][] =>
          typeof value === 'string' ? [[name, value]] : [],
        ),
        ...(body === undefined ? {} : { body: Buffer.from(body).toString('utf8') }),
      })
      const answered: Record<string, string | readonly string[]> = Object.fromEntries(response.headers)
      answered['set-cookie'] = response.headers.getSetCookie()
      return { status: response.status, headers: answered, body: await response.text() }
    },
  })
}
