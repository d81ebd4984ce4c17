import type { AttackOutcome } from '../attacks/attack.ts'
import type { Demo } from '../demo.ts'
import { deviceAttackIds, deviceAttacks, type DeviceAttackId } from '../device/device-attacks.ts'
import type { DeviceRun, DeviceState } from '../device/device-state.ts'
import { verdict } from './attack-list.ts'
import { banner } from './attack-page.ts'
import { eventsScript } from './event-view.ts'
import { beside, eventsOf, glance, sceneLinks, type Scene } from './flow-page.ts'
import { demoPage } from './layout.ts'
import { markup, trusted, type Html } from './markup.ts'
import { stepList } from './step-list.ts'

/** The form that turns the television on. `app` is the origin of the demo app, empty on its own pages. */
export const deviceRunForm = (app: string, text: string, plain = false): Html =>
  markup`<form method="post" action="${app}/device/run" id="device-run"><button type="submit"${plain && markup` class="plain"`}>${text}</button></form>`

const attackForm = (id: DeviceAttackId, text: string): Html =>
  markup`<form method="post" action="/device/attack" id="device-attack-${id}"><input type="hidden" name="attack" value="${id}">
<button type="submit" class="plain"${text === 'Try it' && markup` aria-label="Try it: ${deviceAttacks[id].title}"`}>${text}</button></form>`

function attackRow(id: DeviceAttackId, outcome: AttackOutcome | undefined): Html {
  const { title, attempt } = deviceAttacks[id]
  return markup`<li><div><h3>${outcome === undefined ? title : markup`<a href="/device/attacks/${id}">${title}</a>`}</h3>
<p>${attempt}</p></div>
<div class="act">${outcome !== undefined && verdict(outcome)}${attackForm(id, outcome === undefined ? 'Try it' : 'Try again')}</div></li>`
}

const nothingYet = (demo: Demo): Html => markup`<h1>A television without a browser</h1>
<p class="lead">This app now plays a television. It has no keyboard and shows no web pages, so it shows a code. You sign in as <code class="copy">${demo.username}</code> with the password <code class="copy">${demo.password}</code>.</p>
${deviceRunForm('', 'Turn it on')}`

/** The screen of the television: the code, where to enter it, and the same as a picture for a phone. */
function screen({ codes }: DeviceRun): Html | undefined {
  if (codes === undefined) return undefined
  return markup`<div class="card tv">
<div><p>Go to <a href="${codes.address}" target="_blank" rel="noreferrer">${codes.address}</a> and enter</p>
<p class="code" id="user-code">${codes.userCode}</p>
<p class="aside">Or <a href="${codes.complete}" target="_blank" rel="noreferrer" id="complete">open the address with the code in it</a>: you will still have to send it.</p></div>
<div class="qr" role="img" aria-label="QR code of the address with the code in it">${trusted(codes.qr)}</div>
</div>`
}

function summary(run: DeviceRun): Html {
  switch (run.status) {
    case 'waiting':
      return markup`<h1>The television waits for you</h1>
<p class="lead">It asks every five seconds. Enter the code in another tab, then come back: this page notices by itself, or <a href="/device">look again</a>.</p>${screen(run)}`
    case 'in':
      return markup`<h1>The television is in.</h1>
<p class="lead">You let it in, it got its tokens, and the API answered 200. Take the access back under <em>Connected applications</em> at Sallyport.</p>`
    case 'ended':
      return markup`<h1>It ended without tokens.</h1><p class="lead">${run.stopped ?? ''}</p>`
  }
}

const whatHappened = (scene: Scene, run: DeviceRun): Html => markup`${summary(run)}
<div class="again">${deviceRunForm('', run.status === 'waiting' ? 'Begin anew' : 'Turn it on again', true)}</div>
<h2 id="steps-title">What was said</h2>${glance(run)}${stepList(run.steps, { eventsOf: eventsOf(scene), foldSuccess: false })}`

/** Shows the page anew once the television is done waiting. */
const watchScript = `setInterval(async () => {
  const answer = await fetch('/device/status').catch(() => undefined)
  if (answer?.ok && (await answer.text()).trim() !== 'waiting') location.reload()
}, 1000)
`

/** The television as it stands, and what people can try against it. */
export function devicePage(scene: Scene, { run, outcomes }: DeviceState): string {
  const refused = [...outcomes.values()].filter((outcome) => outcome.refused).length
  const story = markup`${run === undefined ? nothingYet(scene.demo) : whatHappened(scene, run)}
<section class="try" aria-labelledby="try-title" id="attacks"><h2 id="try-title">Try to break it</h2>
<p class="lead">${outcomes.size === 0 ? 'Each is carried out against the running server, without you.' : `${outcomes.size} tried, ${refused} refused.`}</p>
<ol class="attacks">${deviceAttackIds.map((id) => attackRow(id, outcomes.get(id)))}</ol></section>`
  return demoPage({
    title: 'A television without a browser',
    body: beside(scene, story),
    links: sceneLinks(scene),
    script: { nonce: scene.nonce, text: run?.status === 'waiting' ? `${eventsScript}${watchScript}` : eventsScript },
  })
}

/** One attack: what was tried, what came of it and why, and every message. */
export function deviceAttackPage(scene: Scene, id: DeviceAttackId, outcome: AttackOutcome): string {
  const told = deviceAttacks[id]
  const story = markup`<p class="trail"><a href="/device#attacks">Device</a></p>
<h1>${told.title}</h1>
<p class="lead">${told.attempt}</p>
${banner(told, outcome)}
<h2>What was said</h2>
${stepList(outcome.steps, { eventsOf: eventsOf(scene), foldSuccess: true })}
<nav class="onward" aria-label="Attacks">${attackForm(id, 'Try it again')}<p><a href="/device#attacks">All of them</a></p></nav>`
  return demoPage({
    title: `${outcome.refused ? 'Refused' : 'Not refused'}: ${told.title}`,
    body: beside(scene, story),
    links: sceneLinks(scene),
    script: { nonce: scene.nonce, text: eventsScript },
  })
}
