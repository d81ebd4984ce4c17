import { codeAt } from '@sallyport/accounts'
import type { AttackOutcome } from '../attacks/attack.ts'
import type { Demo } from '../demo.ts'
import { stepUpAttackIds, stepUpAttacks, type StepUpAttackId } from '../step-up/step-up-attacks.ts'
import type { StepUpState } from '../step-up/step-up-state.ts'
import { verdict } from './attack-list.ts'
import { banner } from './attack-page.ts'
import { eventsScript } from './event-view.ts'
import { beside, eventsOf, glance, sceneLinks, type Scene } from './flow-page.ts'
import { demoPage } from './layout.ts'
import { markup, type Html } from './markup.ts'
import { stepList } from './step-list.ts'

/** The form that begins. `app` is the origin of the demo app, empty on its own pages. */
export const stepUpRunForm = (app: string, text: string, plain = false): Html =>
  markup`<form method="post" action="${app}/step-up/run" id="step-up-run"><button type="submit"${plain && markup` class="plain"`}>${text}</button></form>`

/** The code that the authenticator of the demo person shows at an instant. */
const codeNow = ({ authenticator }: Demo, now: number): string => codeAt(Buffer.from(authenticator, 'base64url'), now)

const attackForm = (id: StepUpAttackId, text: string): Html =>
  markup`<form method="post" action="/step-up/attack" id="step-up-attack-${id}"><input type="hidden" name="attack" value="${id}">
<button type="submit" class="plain"${text === 'Try it' && markup` aria-label="Try it: ${stepUpAttacks[id].title}"`}>${text}</button></form>`

function attackRow(id: StepUpAttackId, outcome: AttackOutcome | undefined, ready: boolean): Html {
  const { title, attempt } = stepUpAttacks[id]
  return markup`<li><div><h3>${outcome === undefined ? title : markup`<a href="/step-up/attacks/${id}">${title}</a>`}</h3>
<p>${attempt}</p></div>
<div class="act">${outcome !== undefined && verdict(outcome)}${ready && attackForm(id, outcome === undefined ? 'Try it' : 'Try again')}</div></li>`
}

const nothingYet = (demo: Demo): Html => markup`<h1>A treasure behind a second lock</h1>
<p class="lead">Your orders open with a password. The treasure wants two factors from the last five minutes. You sign in as <code class="copy">${demo.username}</code> with the password <code class="copy">${demo.password}</code>.</p>
${stepUpRunForm('', 'Ask for the treasure')}`

const wantsMore = (demo: Demo, now: number): Html => markup`<h1>The API wants more.</h1>
<p class="lead">Signing in with a password was not enough. Your authenticator shows <code class="copy" id="authenticator">${codeNow(demo, now)}</code> now; here the page plays the phone. If the code is not taken any more, load this page again.</p>
<form method="post" action="/step-up/more" id="step-up-more"><button type="submit">Sign in better</button></form>`

function summary(demo: Demo, { wanted, opened, stopped }: StepUpState, now: number): Html {
  if (stopped !== undefined) return markup`<h1>It ended early.</h1><p class="lead">${stopped}</p>`
  if (!opened && wanted !== undefined) return wantsMore(demo, now)
  if (!opened) return nothingYet(demo)
  return markup`<h1>The treasure is open.</h1>
<p class="lead">Sallyport asked for the code alone, and the new token says so. The first token is as weak as it was: try it below.</p>`
}

const said = (scene: Scene, { steps }: StepUpState): Html =>
  markup`<div class="again">${stepUpRunForm('', 'Begin again', true)}</div>
<h2 id="steps-title">What was said</h2>${glance({ steps })}${stepList(steps, { eventsOf: eventsOf(scene), foldSuccess: false })}`

/** How far it went, and what people can try. */
export function stepUpPage(scene: Scene, state: StepUpState, now: number): string {
  const { outcomes, weak, steps } = state
  const begun = weak !== undefined || state.stopped !== undefined
  const refused = [...outcomes.values()].filter((outcome) => outcome.refused).length
  const lead =
    weak === undefined
      ? 'Ask for the treasure first: the attacks need the token of a first sign-in.'
      : outcomes.size === 0
        ? 'Each is carried out against the running API with your first token.'
        : `${outcomes.size} tried, ${refused} refused.`
  const story = markup`${begun || state.opened ? summary(scene.demo, state, now) : nothingYet(scene.demo)}${steps.length > 0 && (begun || state.opened) && said(scene, state)}
<section class="try" aria-labelledby="try-title" id="attacks"><h2 id="try-title">Try to break it</h2>
<p class="lead">${lead}</p>
<ol class="attacks">${stepUpAttackIds.map((id) => attackRow(id, outcomes.get(id), weak !== undefined))}</ol></section>`
  return demoPage({
    title: 'A treasure behind a second lock',
    body: beside(scene, story),
    links: sceneLinks(scene),
    script: { nonce: scene.nonce, text: eventsScript },
  })
}

/** One attack: what was tried, what came of it and why, and every message. */
export function stepUpAttackPage(scene: Scene, id: StepUpAttackId, outcome: AttackOutcome): string {
  const told = stepUpAttacks[id]
  const story = markup`<p class="trail"><a href="/step-up#attacks">Step-up</a></p>
<h1>${told.title}</h1>
<p class="lead">${told.attempt}</p>
${banner(told, outcome)}
<h2>What was said</h2>
${stepList(outcome.steps, { eventsOf: eventsOf(scene), foldSuccess: true })}
<nav class="onward" aria-label="Attacks">${attackForm(id, 'Try it again')}<p><a href="/step-up#attacks">All of them</a></p></nav>`
  return demoPage({
    title: `${outcome.refused ? 'Refused' : 'Not refused'}: ${told.title}`,
    body: beside(scene, story),
    links: sceneLinks(scene),
    script: { nonce: scene.nonce, text: eventsScript },
  })
}
