import type { Demo } from '../demo.ts'
import { demoPage } from './layout.ts'
import { markup } from './markup.ts'

export type Notice = {
  readonly title: string
  readonly text: string
  /** Moves on at once to this path, also without scripts; a link stands there too. */
  readonly continueTo?: string | undefined
}

/** A page that says one thing. */
export const noticePage = ({ addresses }: Demo, { title, text, continueTo }: Notice): string =>
  demoPage({
    title,
    body: markup`<section class="notice"><h1>${title}</h1><p class="lead">${text}</p>
<p>${continueTo === undefined ? markup`<a href="${addresses.issuer}/">Back to the start page</a>` : markup`<a href="${continueTo}">Go on</a>`}</p></section>`,
    links: [{ href: `${addresses.issuer}/`, text: 'Start page' }],
    continueTo,
  })
