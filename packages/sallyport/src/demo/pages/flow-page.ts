import type { SecurityEvent } from '@sallyport/server'
import type { AttackId, AttackOutcome } from '../attacks/attack.ts'
import type { Demo } from '../demo.ts'
import type { EventFeed } from '../event-feed.ts'
import type { FlowRun } from '../flow-run.ts'
import { attackList } from './attack-list.ts'
import { eventsPanel, eventsScript } from './event-view.ts'
import { demoPage } from './layout.ts'
import { markup, type Html } from './markup.ts'
import { stepList } from './step-list.ts'

/** What the pages of one browser are made from. */
export type Scene = {
  readonly demo: Demo
  readonly feed: EventFeed
  readonly outcomes: ReadonlyMap<AttackId, AttackOutcome>
  readonly nonce: string
}

const shownEvents = 30

export const sceneLinks = ({ demo }: Pick<Scene, 'demo'>) => [
  { href: '/', text: 'The flow' },
  { href: '/#attacks', text: 'Attacks' },
  { href: '/device', text: 'Device' },
  { href: '/dpop', text: 'DPoP' },
  { href: '/mcp', text: 'MCP' },
  { href: '/pushed', text: 'PAR' },
  { href: '/step-up', text: 'Step-up' },
  { href: '#events-title', text: 'Events' },
  { href: `${demo.addresses.issuer}/`, text: 'Start page' },
]

/** The story on the left, the events beside it. */
export const beside = ({ demo, feed }: Scene, story: Html): Html =>
  markup`<div class="beside"><div class="story">${story}</div>${eventsPanel(demo, feed.latest(shownEvents))}</div>`

export const eventsOf =
  ({ feed }: Scene) =>
  (requestId: string): readonly SecurityEvent[] =>
    feed.ofRequest(requestId)

const summary = (run: FlowRun): Html =>
  run.stopped === undefined
    ? markup`<h1>Both doors opened.</h1>
<p class="lead">You signed in, the app received its tokens, and the API answered 200. Below is everything that was said, in order.</p>`
    : markup`<h1>The flow ended early.</h1><p class="lead">${run.stopped}</p>`

/** The steps in a few words, to jump to. */
export const glance = ({ steps }: Pick<FlowRun, 'steps'>): Html =>
  markup`<nav class="glance" aria-labelledby="steps-title"><ol>${steps.map(
    ({ short, title }, index) => markup`<li><a href="#step-${index + 1}">${short ?? title}</a></li>`,
  )}</ol></nav>`

const again = markup`<div class="again"><form method="post" action="/run" id="run"><button type="submit" class="plain">Run it again</button></form>
<form method="post" action="/sign-out" id="sign-out"><button type="submit" class="plain">Sign out</button></form></div>`

const nothingYet = (demo: Demo): Html => markup`<h1>The demo app</h1>
<p class="lead">Nothing has run in this browser yet. You sign in as <code class="copy">${demo.username}</code> with the password <code class="copy">${demo.password}</code>.</p>
<form method="post" action="/run" id="run"><button type="submit">Run the flow</button></form>`

/** The flow as it went, and the attacks. */
export function flowPage(scene: Scene, run: FlowRun | undefined): string {
  const { demo, outcomes, nonce } = scene
  const refused = [...outcomes.values()].filter((outcome) => outcome.refused).length
  const story = markup`${run === undefined ? nothingYet(demo) : markup`${summary(run)}${again}<h2 id="steps-title">What was said</h2>${glance(run)}${stepList(run.steps, { eventsOf: eventsOf(scene), foldSuccess: false })}`}
<section class="try" aria-labelledby="try-title" id="attacks"><h2 id="try-title">Try to break it</h2>
<p class="lead">${outcomes.size === 0 ? 'Each attack is carried out against the running server with a fresh code, through your browser.' : `${outcomes.size} tried, ${refused} refused.`}</p>
${attackList('', outcomes)}</section>`
  return demoPage({
    title: run?.stopped === undefined ? 'The flow' : 'The flow ended early',
    body: beside(scene, story),
    links: sceneLinks(scene),
    script: { nonce, text: eventsScript },
  })
}
