import type { Client, PkceException } from '@sallyport/server'
import type { ClientCoverage, Coverage } from '../../coverage.ts'
import { doorText } from '../../door.ts'
import { stateOf } from '../../exceptions.ts'
import type { Incident } from '../../incidents.ts'
import { instant } from '../../terminal.ts'
import { demoPage } from './layout.ts'
import { markup, type Html } from './markup.ts'

export type GovernanceFacts = {
  readonly now: number
  readonly coverage: Coverage
  readonly exceptions: readonly PkceException[]
  /** Those that have an exception, by id. */
  readonly clients: ReadonlyMap<string, Client>
  /** The newest ones, newest first. */
  readonly incidents: readonly Incident[]
  readonly incidentCount: number
}

/** Never rounded up: 100 % means all. */
const percent = (share: number | undefined): string =>
  share === undefined ? 'no codes yet' : `${share === 1 ? '100' : (Math.floor(share * 1000) / 10).toFixed(1)} %`

const clientRow = ({ client, counts, refused, share, lastUse }: ClientCoverage): Html => markup`<tr>
<th scope="row">${client.name}<br><span class="aside">${lastUse?.library ?? client.type} · ${doorText(client)}</span></th>
<td>${counts.authorization_requests}</td><td>${counts.pushed_requests}</td><td>${counts.with_s256}</td>
<td>${Object.values(refused).reduce((sum, count) => sum + count, 0)}</td>
<td>${counts.codes_redeemed}</td><td>${counts.codes_redeemed_with_verifier}</td><td>${percent(share)}</td>
<td>${counts.bound_tokens} of ${counts.bound_tokens + counts.bearer_tokens}</td></tr>`

const coverageTable = (clients: readonly ClientCoverage[]): Html =>
  clients.length === 0
    ? markup`<p>Nothing was counted yet. Run the flow on <a href="/">the first page</a> and come back after ten seconds.</p>`
    : markup`<div class="scroll" tabindex="0" role="region" aria-label="Coverage by client"><table class="counts">
<thead><tr><th scope="col">Client</th><th scope="col">Requests</th><th scope="col">Pushed</th><th scope="col">With S256</th><th scope="col">Refused</th><th scope="col">Codes redeemed</th><th scope="col">With verifier</th><th scope="col">Coverage</th><th scope="col">Bound tokens</th></tr></thead>
<tbody>${clients.map(clientRow)}</tbody></table></div>`

const coverageSection = ({
  share,
  clients,
  alerts,
}: Coverage): Html => markup`<section aria-labelledby="coverage-title">
<h1 id="coverage-title">PKCE covers ${percent(share)}</h1>
<p class="lead">Codes redeemed with a verifier, of all codes redeemed in the last four weeks. Counted from real traffic, written every ten seconds.</p>
${alerts.map((alert) => markup`<p class="verdict bad" role="status">${alert}</p>`)}
${coverageTable(clients)}
<p class="aside">The same as <code>sallyport coverage</code>.</p></section>`

const exceptionItem = (
  exception: PkceException,
  { now, clients }: GovernanceFacts,
): Html => markup`<li><h3>${exception.clientId} <span class="aside">${doorText(clients.get(exception.clientId))}</span></h3>
<p>${stateOf(exception, now)}, until ${instant(exception.deadline)}; used ${exception.uses} times. ${exception.reason} (${exception.ticket}). Accepted by ${exception.acceptedBy} for ${exception.owner}.</p></li>`

const exceptionSection = (facts: GovernanceFacts): Html => markup`<section aria-labelledby="exceptions-title">
<h2 id="exceptions-title">Exceptions</h2>
${
  facts.exceptions.length === 0
    ? markup`<p>No client ever had one. They are forbidden unless the configuration says <code>policy.pkceExceptions: dated</code>, and each ends by itself.</p>`
    : markup`<ol class="plain-list">${facts.exceptions.map((one) => exceptionItem(one, facts))}</ol>`
}</section>`

const incidentItem = ({ event, judgement, client }: Incident): Html => markup`<li>
<h3>${judgement.verdict.replaceAll('_', ' ')} <span class="aside">${instant(event.ts)}</span></h3>
<p>${judgement.because.join('; ')}.</p>
<p class="aside">${event.clientId === undefined ? 'no client' : `${event.clientId}, ${doorText(client)}`}${event.requestId !== undefined && markup` · <code>sallyport explain ${event.requestId}</code>`}</p></li>`

const incidentSection = ({
  incidents,
  incidentCount,
}: GovernanceFacts): Html => markup`<section aria-labelledby="incidents-title">
<h2 id="incidents-title">Incidents</h2>
${
  incidents.length === 0
    ? markup`<p>No code exchange failed within seven days. <a href="/#attacks">Try to break it</a>, and look again.</p>`
    : markup`<p>${incidentCount} code exchanges failed within seven days. Each gets a verdict from its cause, the state of the code, the distance between its two legs and the history of the client.</p>
<ol class="plain-list">${incidents.map(incidentItem)}</ol>`
}</section>`

/** Coverage, exceptions and incidents as they are now. */
export const governancePage = (facts: GovernanceFacts): string =>
  demoPage({
    title: 'Governance',
    body: markup`${coverageSection(facts.coverage)}${exceptionSection(facts)}${incidentSection(facts)}`,
    links: [
      { href: '/', text: 'Start' },
      { href: '/governance', text: 'Look again' },
      { href: '/docs/governance', text: 'Documentation' },
    ],
  })
