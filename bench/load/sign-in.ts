import type { Deployment } from '../deployment.ts'
import { headerOf, type Answer, type Connection } from './connection.ts'
import { cookiesFor, keepCookies, type CookieJar } from './cookie-jar.ts'
import { formsOf, type HtmlForm } from './html-form.ts'
import { browserGet } from './http-request.ts'

interface Visitor {
  readonly connection: Connection
  readonly jar: CookieJar
  readonly deployment: Deployment
}

const mostSteps = 15

/** Walks a browser from an authorization request to the app's redirect URI: signs in, consents, and returns that URI. */
export async function signIn(visitor: Visitor, authorizeUrl: URL): Promise<string> {
  const { deployment } = visitor
  let url = authorizeUrl
  let answer = await visit(visitor, url)
  for (let step = 0; step < mostSteps; step += 1) {
    const location = headerOf(answer.head, 'location')
    if (answer.status >= 300 && answer.status < 400 && location !== undefined) {
      if (location.startsWith(`${deployment.redirectUri}?`)) return location
      url = new URL(location, url)
      answer = await visit(visitor, url)
      continue
    }
    const form = answer.status === 200 ? formToAnswer(answer.body) : undefined
    if (form === undefined) throw new Error(`${url.pathname} answered ${answer.status}: ${answer.body.slice(0, 300)}`)
    url = new URL(form.action, url)
    answer = await submit(visitor, url, filledIn(form, deployment))
  }
  throw new Error(`the sign-in did not come back to the app within ${mostSteps} steps`)
}

async function visit({ connection, jar }: Visitor, url: URL): Promise<Answer> {
  const answer = await connection.send(browserGet(url.pathname + url.search, url.host, cookiesFor(jar, url.pathname)))
  keepCookies(jar, answer.head)
  return answer
}

async function submit({ connection, jar }: Visitor, url: URL, body: string): Promise<Answer> {
  const answer = await connection.send(
    `POST ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\naccept: text/html\r\norigin: ${url.origin}\r\n` +
      `sec-fetch-site: same-origin\r\nsec-fetch-mode: navigate\r\nsec-fetch-dest: document\r\n` +
      `cookie: ${cookiesFor(jar, url.pathname)}\r\ncontent-type: application/x-www-form-urlencoded\r\n` +
      `content-length: ${body.length}\r\n\r\n${body}`,
  )
  keepCookies(jar, answer.head)
  return answer
}

const isAllow = ([name, value]: readonly [string, string]): boolean => name === 'decision' && value === 'allow'

/** A page may carry other forms (a language switch, "another account"); these two are the ones with a person's answer. */
function formToAnswer(html: string): HtmlForm | undefined {
  const forms = formsOf(html).filter((form) => form.method.toLowerCase() === 'post')
  return (
    forms.find((form) => form.fields.some(([name]) => name === 'password')) ??
    forms.find((form) => form.buttons.some(isAllow))
  )
}

function filledIn(form: HtmlForm, { person }: Deployment): string {
  const answers = new URLSearchParams()
  for (const [name, value] of form.fields) {
    if (name === 'username') answers.append(name, person.username)
    else if (name === 'password') answers.append(name, person.password)
    else answers.append(name, value)
  }
  const allow = form.buttons.find(isAllow)
  if (allow !== undefined) answers.append(...allow)
  return answers.toString()
}
