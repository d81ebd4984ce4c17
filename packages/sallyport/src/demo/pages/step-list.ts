import type { SecurityEvent } from '@sallyport/server'
import { answerHeader, type Exchange } from '../exchange.ts'
import type { Check } from '../response-checks.ts'
import type { Party, Step } from '../step.ts'
import { exchangeView } from './exchange-view.ts'
import { markup, type Html } from './markup.ts'
import { pkceView } from './pkce-view.ts'
import { tokenView } from './token-view.ts'

const names: Readonly<Record<Party, string>> = {
  app: 'App',
  browser: 'Browser',
  sallyport: 'Sallyport',
  api: 'API',
  server: 'MCP server',
  device: 'Device',
  attacker: 'Attacker',
}

const route = ({ from, to }: Step): Html =>
  from === to
    ? markup`<p class="route"><span class="${from}">Inside the ${names[from].toLowerCase()}</span></p>`
    : markup`<p class="route"><span class="${from}">${names[from]}</span><span class="arrow" aria-hidden="true">→</span><span class="unseen"> to </span><span class="${to}">${names[to]}</span></p>`

const checkRow = ({ what, expected, got, passed }: Check): Html =>
  markup`<div class="${passed ? 'passed' : 'failed'}"><dt><code>${what}</code> <span class="verdict">${passed ? 'as expected' : 'wrong'}</span></dt>
<dd class="value" translate="no">${got}</dd>${!passed && markup`<dd>Expected: <span class="value" translate="no">${expected}</span></dd>`}</div>`

const checksView = (checks: readonly Check[]): Html => markup`<dl class="checks">${checks.map(checkRow)}</dl>`

/** What the server wrote down about this very request. */
function noted({ exchange }: Step, eventsOf: (requestId: string) => readonly SecurityEvent[]): Html | undefined {
  const requestId = answerHeader(exchange?.answer, 'x-request-id')
  const events = requestId === undefined ? [] : eventsOf(requestId)
  if (events.length === 0) return undefined
  return markup`<p class="noted">Noted as ${events.map(
    ({ event, reason, severity }, index) =>
      markup`${index > 0 && ', '}<code>${event}</code>${reason !== undefined && ` ${reason.replaceAll('_', ' ')}`} <span class="severity ${severity}">${severity}</span>`,
  )}</p>`
}

const onPagesView = (messages: readonly Exchange[]): Html => markup`<details class="fold">
<summary>Signing in and agreeing: ${messages.length} more requests and answers</summary>
${messages.map((message) => exchangeView(message, true))}</details>`

export type StepListOptions = {
  readonly eventsOf: (requestId: string) => readonly SecurityEvent[]
  /** In an attack what matters is what failed. */
  readonly foldSuccess: boolean
}

/** Steps as a numbered line through time. */
export const stepList = (steps: readonly Step[], { eventsOf, foldSuccess }: StepListOptions): Html =>
  markup`<ol class="timeline">${steps.map(
    (step, index) => markup`<li class="step" id="step-${index + 1}">
<h3>${step.title}</h3>
${route(step)}
<p>${step.note}</p>
${step.pkce !== undefined && pkceView(step.pkce)}
${step.exchange !== undefined && exchangeView(step.exchange, foldSuccess)}
${step.onPages !== undefined && step.onPages.length > 0 && onPagesView(step.onPages)}
${step.checks !== undefined && checksView(step.checks)}
${step.tokens?.map(({ kind, jwt }) => tokenView(kind, jwt))}
${noted(step, eventsOf)}
</li>`,
  )}</ol>`
