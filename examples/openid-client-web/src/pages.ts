import type { Session } from './sessions.ts'

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escape = (text: string): string => text.replace(/[&<>"]/g, (character) => entities[character] ?? '')

const button = (path: string, text: string): string =>
  `<form method="post" action="${path}"><button>${text}</button></form>`

const page = (body: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>My shop</title></head>` +
  `<body><main><h1>My shop</h1>${body}</main></body></html>`

const signedIn = (name: string, orders: string | undefined): string =>
  `<p id="who">Signed in as ${escape(name)}</p>` +
  button('/orders', 'Show my orders') +
  button('/refresh', 'Refresh the tokens') +
  button('/sign-out', 'Sign out') +
  (orders === undefined ? '' : `<pre id="orders">${escape(orders)}</pre>`)

export const home = ({ tokens, orders }: Session): string =>
  page(tokens === undefined ? button('/sign-in', 'Sign in') : signedIn(tokens.name, orders))

export const problem = (text: string): string => page(`<p id="problem">${escape(text)}</p><p><a href="/">Back</a></p>`)
