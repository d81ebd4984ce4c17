import type { AttackOutcome } from '../attacks/attack.ts'
import { gateAddress, type Demo } from '../demo.ts'
import { mcpAttackIds, mcpAttacks, type McpAttackId } from '../mcp/mcp-attacks.ts'
import { widerScope, type McpRun } from '../mcp/mcp-run.ts'
import type { McpState } from '../mcp/mcp-state.ts'
import { verdict } from './attack-list.ts'
import { banner } from './attack-page.ts'
import { eventsScript } from './event-view.ts'
import { beside, eventsOf, glance, sceneLinks, type Scene } from './flow-page.ts'
import { demoPage } from './layout.ts'
import { markup, type Html } from './markup.ts'
import { stepList } from './step-list.ts'

/** The form that begins with the bare address. `app` is the origin of the demo app, empty on its own pages. */
export const mcpRunForm = (app: string, text: string, plain = false): Html =>
  markup`<form method="post" action="${app}/mcp/run" id="mcp-run"><button type="submit"${plain && markup` class="plain"`}>${text}</button></form>`

const stepUpForm = markup`<form method="post" action="/mcp/more" id="mcp-more"><button type="submit">Ask it to open the gate</button></form>`

const attackForm = (id: McpAttackId, text: string): Html =>
  markup`<form method="post" action="/mcp/attack" id="mcp-attack-${id}"><input type="hidden" name="attack" value="${id}">
<button type="submit" class="plain"${text === 'Try it' && markup` aria-label="Try it: ${mcpAttacks[id].title}"`}>${text}</button></form>`

function attackRow(id: McpAttackId, outcome: AttackOutcome | undefined): Html {
  const { title, attempt } = mcpAttacks[id]
  return markup`<li><div><h3>${outcome === undefined ? title : markup`<a href="/mcp/attacks/${id}">${title}</a>`}</h3>
<p>${attempt}</p></div>
<div class="act">${outcome !== undefined && verdict(outcome)}${attackForm(id, outcome === undefined ? 'Try it' : 'Try again')}</div></li>`
}

const nothingYet = (demo: Demo): Html => markup`<h1>A client that knows one address</h1>
<p class="lead">This app now plays an assistant with an MCP client inside. It was given <code>${gateAddress(demo.addresses)}</code> and nothing else: no client id, no issuer. You sign in as <code class="copy">${demo.username}</code> with the password <code class="copy">${demo.password}</code>.</p>
${mcpRunForm('', 'Connect to the server')}`

function summary({ stopped, scope }: McpRun): Html {
  if (stopped !== undefined) return markup`<h1>It ended early.</h1><p class="lead">${stopped}</p>`
  return scope.split(' ').length < widerScope.split(' ').length
    ? markup`<h1>The assistant is in.</h1><p class="lead">From one address it found its way to a token for that server alone. The token is good for looking; opening the gate needs more, and somebody to agree.</p>`
    : markup`<h1>The gate is open.</h1><p class="lead">You agreed to one thing more. The page showed what was new, and the token has both.</p>`
}

function whatHappened(scene: Scene, run: McpRun): Html {
  const more = run.token !== undefined && run.scope.split(' ').length < widerScope.split(' ').length
  return markup`${summary(run)}
<div class="again">${more && stepUpForm}${mcpRunForm('', 'Begin anew', true)}</div>
<h2 id="steps-title">What was said</h2>${glance(run)}${stepList(run.steps, { eventsOf: eventsOf(scene), foldSuccess: false })}`
}

/** The visit to the MCP server as it went, and what people can try against it. */
export function mcpPage(scene: Scene, { run, outcomes }: McpState): string {
  const refused = [...outcomes.values()].filter((outcome) => outcome.refused).length
  const story = markup`${run === undefined ? nothingYet(scene.demo) : whatHappened(scene, run)}
<section class="try" aria-labelledby="try-title" id="attacks"><h2 id="try-title">Try to break it</h2>
<p class="lead">${outcomes.size === 0 ? 'Each is carried out against the running servers, without you.' : `${outcomes.size} tried, ${refused} refused.`}</p>
<ol class="attacks">${mcpAttackIds.map((id) => attackRow(id, outcomes.get(id)))}</ol></section>`
  return demoPage({
    title: 'A client that knows one address',
    body: beside(scene, story),
    links: sceneLinks(scene),
    script: { nonce: scene.nonce, text: eventsScript },
  })
}

/** One attack: what was tried, what came of it and why, and every message. */
export function mcpAttackPage(scene: Scene, id: McpAttackId, outcome: AttackOutcome): string {
  const told = mcpAttacks[id]
  const story = markup`<p class="trail"><a href="/mcp#attacks">MCP</a></p>
<h1>${told.title}</h1>
<p class="lead">${told.attempt}</p>
${banner(told, outcome)}
<h2>What was said</h2>
${stepList(outcome.steps, { eventsOf: eventsOf(scene), foldSuccess: true })}
<nav class="onward" aria-label="Attacks">${attackForm(id, 'Try it again')}<p><a href="/mcp#attacks">All of them</a></p></nav>`
  return demoPage({
    title: `${outcome.refused ? 'Refused' : 'Not refused'}: ${told.title}`,
    body: beside(scene, story),
    links: sceneLinks(scene),
    script: { nonce: scene.nonce, text: eventsScript },
  })
}
