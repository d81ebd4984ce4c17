import { answerHeader, answerJson, pageLeftOut, type Exchange, type HeaderLine } from '../exchange.ts'
import { markup, type Child, type Html } from './markup.ts'
import { parameterMeanings } from './meanings.ts'

/** Values that the story is about; they stand out from the rest of a message. */
const telling =
  /((?<![\w-])(?:code|code_verifier|code_challenge|code_challenge_method|iss|redirect_uri|request_uri|refresh_token|error)(?:=|":"))([^&"\s]+)/g

function emphasised(text: string): Html {
  const pieces: Child[] = []
  let from = 0
  for (const match of text.matchAll(telling)) {
    const [whole, name = '', value = ''] = match
    pieces.push(text.slice(from, match.index), name, markup`<b>${value}</b>`)
    from = match.index + whole.length
  }
  return markup`${[...pieces, text.slice(from)]}`
}

const headerLines = (headers: readonly HeaderLine[]): Html =>
  markup`${headers.map(
    ([name, value]) => markup`<span class="h">${name}: ${emphasised(value)}</span>
`,
  )}`

/** Header lines that say something about the story; the others are there for whoever asks. */
const tellingHeaders = new Set([
  'host',
  'authorization',
  'dpop',
  'dpop-nonce',
  'content-type',
  'location',
  'www-authenticate',
  'cache-control',
  'x-request-id',
])

type Message = { readonly first: Html; readonly headers: readonly HeaderLine[]; readonly body: string }

/** The bytes of a message: first line, headers, body. */
function message({ first, headers, body }: Message): Html {
  const main = headers.filter(([name]) => tellingHeaders.has(name.toLowerCase()))
  const others = headers.filter(([name]) => !tellingHeaders.has(name.toLowerCase()))
  return markup`<div class="wire" translate="no" dir="ltr"><pre>${first}
${headerLines(main)}</pre>${
    others.length > 0 &&
    markup`<details><summary>${others.length} more header lines</summary><pre>${headerLines(others)}</pre></details>`
  }${body !== '' && markup`<pre class="body">${emphasised(body)}</pre>`}</div>`
}

/** Parameters of the query and the body, each with its purpose. */
function explained({ request }: Exchange): Html | undefined {
  const mark = request.url.indexOf('?')
  const query = mark === -1 ? '' : request.url.slice(mark + 1)
  const parameters = [...new URLSearchParams(query), ...new URLSearchParams(request.body)]
  if (parameters.length === 0) return undefined
  return markup`<details class="fold"><summary>What each parameter is for</summary>
<dl class="meanings">${parameters.map(
    ([name, value]) => markup`<div><dt><code>${name}</code></dt>
<dd class="value" translate="no">${value}</dd>${parameterMeanings[name] !== undefined && markup`<dd>${parameterMeanings[name]}</dd>`}</div>`,
  )}</dl></details>`
}

function requestView({ request }: Exchange): Html {
  const { origin } = new URL(request.url)
  const target = request.url.slice(origin.length)
  const first = markup`<span class="first">${request.method} ${emphasised(target)} HTTP/1.1</span>`
  // What the browser was told to fetch has only an address here: its headers never came by.
  const headers: readonly HeaderLine[] =
    request.headers.length === 0 ? [['Host', new URL(request.url).host]] : request.headers
  return message({ first, headers, body: request.body })
}

/** Characters beyond which an answer that went well is folded, where what failed matters. */
const longBody = 500

/** Bodies that nobody reads line by line: pages and key sets. */
const bulky = /^(?:text\/html|application\/jwk-set\+json)/

function answerView({ answer }: Exchange, foldSuccess: boolean): Html | undefined {
  if (answer === undefined) return undefined
  const { status, statusText, headers, body } = answer
  const first = markup`<span class="first">HTTP/1.1 ${status} ${statusText}</span>`
  const good = status < 300 || (status < 400 && !/[?&]error=/.test(answerHeader(answer, 'location') ?? ''))
  const open =
    !(good && foldSuccess && body.length > longBody) && !bulky.test(answerHeader(answer, 'content-type') ?? '')
  return markup`<details class="fold"${open && markup` open`}>
<summary>Answer <span class="status ${good ? 'good' : 'bad'}">${status} ${statusText}</span></summary>
${message({ first, headers, body })}</details>`
}

/** The page that was refused as a browser shows it, with the difference marked. */
function pageLink({ request, answer }: Exchange): Html | undefined {
  const html = (answerHeader(answer, 'content-type') ?? '').startsWith('text/html')
  if (!html || request.method !== 'GET' || answer?.body === pageLeftOut) return undefined
  return markup`<p class="aside"><a href="${request.url}">See this page as a browser shows it</a></p>`
}

/** The help page that an error names. */
function helpLink({ answer }: Exchange): Html | undefined {
  const uri = answerJson(answer)['error_uri']
  if (typeof uri !== 'string') return undefined
  return markup`<p class="aside"><a href="${uri}">What Sallyport’s own help page says about this error</a></p>`
}

/** A request and its answer as they were on the wire. `foldSuccess` folds long answers that went well. */
export const exchangeView = (exchange: Exchange, foldSuccess: boolean): Html => markup`<div class="exchange">
<details class="fold" open><summary>Request</summary>
${requestView(exchange)}</details>
${explained(exchange)}
${answerView(exchange, foldSuccess)}
${pageLink(exchange)}
${helpLink(exchange)}
</div>`
