import { attackIds, type AttackId, type AttackOutcome } from '../attacks/attack.ts'
import { attacks } from '../attacks/catalogue.ts'
import { markup, type Html } from './markup.ts'

/** The form that starts an attack. `app` is the origin of the demo app, empty on its own pages. */
export const attackButton = (app: string, id: AttackId, text: string): Html =>
  markup`<form method="post" action="${app}/attack" id="attack-${id}"><input type="hidden" name="attack" value="${id}">
<button type="submit" class="plain"${text === 'Try it' && markup` aria-label="Try it: ${attacks[id].title}"`}>${text}</button></form>`

export const verdict = ({ refused }: AttackOutcome): Html =>
  refused ? markup`<span class="verdict good">Refused</span>` : markup`<span class="verdict bad">Not refused</span>`

const row = (app: string, id: AttackId, outcome: AttackOutcome | undefined): Html => {
  const { title, attempt } = attacks[id]
  return markup`<li><div><h3>${outcome === undefined ? title : markup`<a href="/attacks/${id}">${title}</a>`}</h3>
<p>${attempt}</p></div>
<div class="act">${outcome !== undefined && verdict(outcome)}${attackButton(app, id, outcome === undefined ? 'Try it' : 'Try again')}</div></li>`
}

/** All attacks with a button each, and what became of those that were tried. */
export const attackList = (app: string, outcomes: ReadonlyMap<AttackId, AttackOutcome>): Html =>
  markup`<ol class="attacks">${attackIds.map((id) => row(app, id, outcomes.get(id)))}</ol>
<form method="post" action="${app}/attack" id="attack-all"><input type="hidden" name="attack" value="all">
<button type="submit">Try all ${attackIds.length}</button></form>`
