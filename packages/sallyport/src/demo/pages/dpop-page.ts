import type { AttackOutcome } from '../attacks/attack.ts'
import { dpopAttackIds, dpopAttacks, type DpopAttackId } from '../dpop/dpop-attacks.ts'
import type { DpopRun } from '../dpop/dpop-run.ts'
import type { DpopState } from '../dpop/dpop-state.ts'
import { verdict } from './attack-list.ts'
import { banner } from './attack-page.ts'
import { eventsScript } from './event-view.ts'
import { beside, eventsOf, glance, sceneLinks, type Scene } from './flow-page.ts'
import { demoPage } from './layout.ts'
import { markup, type Html } from './markup.ts'
import { stepList } from './step-list.ts'

/** The form that fetches a bound token. `app` is the origin of the demo app, empty on its own pages. */
export const dpopRunForm = (app: string, text: string, plain = false): Html =>
  markup`<form method="post" action="${app}/dpop/run" id="dpop-run"><button type="submit"${plain && markup` class="plain"`}>${text}</button></form>`

const attackForm = (id: DpopAttackId, text: string): Html =>
  markup`<form method="post" action="/dpop/attack" id="dpop-attack-${id}"><input type="hidden" name="attack" value="${id}">
<button type="submit" class="plain"${text === 'Try it' && markup` aria-label="Try it: ${dpopAttacks[id].title}"`}>${text}</button></form>`

function attackRow(id: DpopAttackId, outcome: AttackOutcome | undefined): Html {
  const { title, attempt } = dpopAttacks[id]
  return markup`<li><div><h3>${outcome === undefined ? title : markup`<a href="/dpop/attacks/${id}">${title}</a>`}</h3>
<p>${attempt}</p></div>
<div class="act">${outcome !== undefined && verdict(outcome)}${attackForm(id, outcome === undefined ? 'Try it' : 'Try again')}</div></li>`
}

const nothingYet = markup`<h1>A token that only works with its key</h1>
<p class="lead">This app now plays a program that works by night, without a person. It makes a pair of keys and gets a token that is bound to them (DPoP). Whoever steals the token has half of what is needed.</p>
${dpopRunForm('', 'Fetch a bound token')}`

const summary = ({ stopped }: DpopRun): Html =>
  stopped === undefined
    ? markup`<h1>The token and its key were in.</h1><p class="lead">Sallyport bound the token to the key, and the API asked for a proof and answered 200. Below is everything that was said.</p>`
    : markup`<h1>It ended early.</h1><p class="lead">${stopped}</p>`

const whatHappened = (scene: Scene, run: DpopRun): Html => markup`${summary(run)}
<div class="again">${dpopRunForm('', 'Begin anew', true)}</div>
<h2 id="steps-title">What was said</h2>${glance(run)}${stepList(run.steps, { eventsOf: eventsOf(scene), foldSuccess: false })}`

/** The bound token as it went, and what people can try against it. */
export function dpopPage(scene: Scene, { run, outcomes }: DpopState): string {
  const refused = [...outcomes.values()].filter((outcome) => outcome.refused).length
  const story = markup`${run === undefined ? nothingYet : whatHappened(scene, run)}
<section class="try" aria-labelledby="try-title" id="attacks"><h2 id="try-title">Try to break it</h2>
<p class="lead">${outcomes.size === 0 ? 'Each is carried out against the running servers, without you.' : `${outcomes.size} tried, ${refused} refused.`}</p>
<ol class="attacks">${dpopAttackIds.map((id) => attackRow(id, outcomes.get(id)))}</ol></section>`
  return demoPage({
    title: 'A token that only works with its key',
    body: beside(scene, story),
    links: sceneLinks(scene),
    script: { nonce: scene.nonce, text: eventsScript },
  })
}

/** One attack: what was tried, what came of it and why, and every message. */
export function dpopAttackPage(scene: Scene, id: DpopAttackId, outcome: AttackOutcome): string {
  const told = dpopAttacks[id]
  const story = markup`<p class="trail"><a href="/dpop#attacks">DPoP</a></p>
<h1>${told.title}</h1>
<p class="lead">${told.attempt}</p>
${banner(told, outcome)}
<h2>What was said</h2>
${stepList(outcome.steps, { eventsOf: eventsOf(scene), foldSuccess: true })}
<nav class="onward" aria-label="Attacks">${attackForm(id, 'Try it again')}<p><a href="/dpop#attacks">All of them</a></p></nav>`
  return demoPage({
    title: `${outcome.refused ? 'Refused' : 'Not refused'}: ${told.title}`,
    body: beside(scene, story),
    links: sceneLinks(scene),
    script: { nonce: scene.nonce, text: eventsScript },
  })
}
