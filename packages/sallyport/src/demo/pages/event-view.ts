import type { SecurityEvent } from '@sallyport/server'
import type { Demo } from '../demo.ts'
import { markup, type Html } from './markup.ts'
import { eventMeanings } from './meanings.ts'

const clock = (ts: number): string => new Date(ts * 1000).toISOString().slice(11, 19)

const clientName = (demo: Demo, id: string | undefined): string | undefined =>
  Object.values(demo.clients).find((client) => client.id === id)?.name

/** `suspected_interception` → `suspected interception`. */
const spoken = (word: string): string => word.replaceAll('_', ' ')

/** One security event as a list item. */
export function eventItem(demo: Demo, event: SecurityEvent): Html {
  const about = [event.reason, event.class].filter((word) => word !== undefined).map(spoken)
  const client = clientName(demo, event.clientId)
  const meaning = eventMeanings[event.event]
  const at = new Date(event.ts * 1000).toISOString()
  return markup`<li class="event ${event.severity}"><p class="line"><code>${event.event}</code> <time datetime="${at}">${clock(event.ts)}</time></p>
${meaning !== undefined && markup`<p>${meaning}</p>`}
<p class="about"><span class="severity">${event.severity}</span>${about.map((word) => markup` <span>${word}</span>`)}${client !== undefined && markup` <span>${client}</span>`}</p></li>`
}

/** The newest events beside a page; with a script they go on appearing. */
export const eventsPanel = (demo: Demo, events: readonly SecurityEvent[]): Html =>
  markup`<aside class="events" aria-labelledby="events-title">
<h2 id="events-title">Security events</h2>
<p class="aside">What Sallyport writes down while you look. Newest first.</p>
<div class="log" role="log" tabindex="0" aria-labelledby="events-title">
<ol id="events">${events.map((event) => eventItem(demo, event))}</ol>
${events.length === 0 && markup`<p class="aside" id="no-events">Nothing yet.</p>`}
</div>
</aside>`

/** Adds events to the list as they happen. */
export const eventsScript = `const list = document.getElementById('events')
const source = new EventSource('/events')
source.onmessage = ({ data }) => {
  document.getElementById('no-events')?.remove()
  list.insertAdjacentHTML('afterbegin', data)
  list.firstElementChild.classList.add('new')
  while (list.children.length > 40) list.lastElementChild.remove()
}
addEventListener('pagehide', () => source.close())
`
