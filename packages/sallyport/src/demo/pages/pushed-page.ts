import type { AttackOutcome } from '../attacks/attack.ts'
import type { Demo } from '../demo.ts'
import type { FlowRun } from '../flow-run.ts'
import { pushedAttackIds, pushedAttacks, type PushedAttackId } from '../pushed/pushed-attacks.ts'
import type { PushedState } from '../pushed/pushed-state.ts'
import { verdict } from './attack-list.ts'
import { banner } from './attack-page.ts'
import { eventsScript } from './event-view.ts'
import { beside, eventsOf, glance, sceneLinks, type Scene } from './flow-page.ts'
import { demoPage } from './layout.ts'
import { markup, type Html } from './markup.ts'
import { stepList } from './step-list.ts'

/** The form that pushes a request. `app` is the origin of the demo app, empty on its own pages. */
export const pushedRunForm = (app: string, text: string, plain = false): Html =>
  markup`<form method="post" action="${app}/pushed/run" id="pushed-run"><button type="submit"${plain && markup` class="plain"`}>${text}</button></form>`

const attackForm = (id: PushedAttackId, text: string): Html =>
  markup`<form method="post" action="/pushed/attack" id="pushed-attack-${id}"><input type="hidden" name="attack" value="${id}">
<button type="submit" class="plain"${text === 'Try it' && markup` aria-label="Try it: ${pushedAttacks[id].title}"`}>${text}</button></form>`

function attackRow(id: PushedAttackId, outcome: AttackOutcome | undefined): Html {
  const { title, attempt } = pushedAttacks[id]
  return markup`<li><div><h3>${outcome === undefined ? title : markup`<a href="/pushed/attacks/${id}">${title}</a>`}</h3>
<p>${attempt}</p></div>
<div class="act">${outcome !== undefined && verdict(outcome)}${attackForm(id, outcome === undefined ? 'Try it' : 'Try again')}</div></li>`
}

const nothingYet = (demo: Demo): Html => markup`<h1>A request that nobody can read</h1>
<p class="lead">The app hands its request to Sallyport itself and gets a reference. The browser brings nothing but that. You sign in as <code class="copy">${demo.username}</code> with the password <code class="copy">${demo.password}</code>.</p>
${pushedRunForm('', 'Push a request')}`

const summary = ({ stopped }: FlowRun): Html =>
  stopped === undefined
    ? markup`<h1>Nothing was in the address.</h1>
<p class="lead">The request went from the app to Sallyport, the browser carried a reference, and the code that came back was redeemed with the verifier as always.</p>`
    : markup`<h1>It ended early.</h1><p class="lead">${stopped}</p>`

const whatHappened = (scene: Scene, run: FlowRun): Html => markup`${summary(run)}
<div class="again">${pushedRunForm('', 'Push another', true)}</div>
<h2 id="steps-title">What was said</h2>${glance(run)}${stepList(run.steps, { eventsOf: eventsOf(scene), foldSuccess: false })}`

/** The pushed request as it went, and what people can try against such requests. */
export function pushedPage(scene: Scene, { run, outcomes }: PushedState): string {
  const refused = [...outcomes.values()].filter((outcome) => outcome.refused).length
  const story = markup`${run === undefined ? nothingYet(scene.demo) : whatHappened(scene, run)}
<section class="try" aria-labelledby="try-title" id="attacks"><h2 id="try-title">Try to break it</h2>
<p class="lead">${outcomes.size === 0 ? 'Each is carried out against the running server, without you.' : `${outcomes.size} tried, ${refused} refused.`}</p>
<ol class="attacks">${pushedAttackIds.map((id) => attackRow(id, outcomes.get(id)))}</ol></section>`
  return demoPage({
    title: 'A request that nobody can read',
    body: beside(scene, story),
    links: sceneLinks(scene),
    script: { nonce: scene.nonce, text: eventsScript },
  })
}

/** One attack: what was tried, what came of it and why, and every message. */
export function pushedAttackPage(scene: Scene, id: PushedAttackId, outcome: AttackOutcome): string {
  const told = pushedAttacks[id]
  const story = markup`<p class="trail"><a href="/pushed#attacks">PAR</a></p>
<h1>${told.title}</h1>
<p class="lead">${told.attempt}</p>
${banner(told, outcome)}
<h2>What was said</h2>
${stepList(outcome.steps, { eventsOf: eventsOf(scene), foldSuccess: true })}
<nav class="onward" aria-label="Attacks">${attackForm(id, 'Try it again')}<p><a href="/pushed#attacks">All of them</a></p></nav>`
  return demoPage({
    title: `${outcome.refused ? 'Refused' : 'Not refused'}: ${told.title}`,
    body: beside(scene, story),
    links: sceneLinks(scene),
    script: { nonce: scene.nonce, text: eventsScript },
  })
}
