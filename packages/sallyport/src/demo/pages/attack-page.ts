import { attackIds, type AttackId, type AttackOutcome, type AttackStory } from '../attacks/attack.ts'
import { attacks } from '../attacks/catalogue.ts'
import { attackButton } from './attack-list.ts'
import { eventsScript } from './event-view.ts'
import { beside, eventsOf, sceneLinks, type Scene } from './flow-page.ts'
import { demoPage } from './layout.ts'
import { markup, type Html } from './markup.ts'
import { stepList } from './step-list.ts'

/** What came of an attack, and why. */
export const banner = ({ reason, clauses }: AttackStory, { refused }: AttackOutcome): Html => {
  return markup`<div class="banner ${refused ? 'good' : 'bad'}">
<p class="verdict ${refused ? 'good' : 'bad'}">${refused ? 'Refused' : 'Not refused'}</p>
<p>${refused ? reason : 'This attack should have been refused and was not. Please report it.'}</p>
<ul class="clauses" aria-label="Where it is written">${clauses.map((clause) => markup`<li>${clause}</li>`)}</ul>
</div>`
}

function onward(id: AttackId): Html {
  const next = attackIds[attackIds.indexOf(id) + 1]
  return markup`<nav class="onward" aria-label="Attacks">${attackButton('', id, 'Try it again')}
${next === undefined ? markup`<p><a href="/#attacks">All attacks</a></p>` : attackButton('', next, `Next: ${attacks[next].title}`)}</nav>`
}

/** One attack: what was tried, what came of it and why, and every message. */
export function attackPage(scene: Scene, id: AttackId, outcome: AttackOutcome): string {
  const { title, attempt } = attacks[id]
  const story = markup`<p class="trail"><a href="/#attacks">Attacks</a></p>
<h1>${title}</h1>
<p class="lead">${attempt}</p>
${banner(attacks[id], outcome)}
<h2>What was said</h2>
${stepList(outcome.steps, { eventsOf: eventsOf(scene), foldSuccess: true })}
${onward(id)}`
  return demoPage({
    title: `${outcome.refused ? 'Refused' : 'Not refused'}: ${title}`,
    body: beside(scene, story),
    links: sceneLinks(scene),
    script: { nonce: scene.nonce, text: eventsScript },
  })
}
