import type { OpenInteraction, Pages } from '@sallyport/server'

/** Whatever came from outside passes through here before it stands in a page. */
const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

const html = (title: string, body: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>` +
  `<meta name="viewport" content="width=device-width"></head><body><h1>${title}</h1>${body}</body></html>`

const hidden = (fields: Readonly<Record<string, string>>): string =>
  Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${name}" value="${escape(value)}">`)
    .join('')

const form = (id: string, action: string, fields: Readonly<Record<string, string>>, content: string): string =>
  `<form id="${id}" method="post" action="${escape(action)}">${hidden(fields)}${content}</form>`

const own = ({ id, csrf }: OpenInteraction): Record<string, string> => ({ interaction: id, csrf })

/** An application that forgets this browser. */
const frame = (address: string): string =>
  `<iframe src="${escape(address)}" hidden sandbox="allow-scripts allow-same-origin"></iframe>`

/** The pages that belong to the protocol. */
export const pages: Pages = {
  error: ({ entry, requestId, helpUrl }) =>
    html(
      'That did not work',
      `<p>${escape(entry.description)}.</p><p>Request ${escape(requestId)}</p>` +
        (helpUrl === undefined ? '' : `<p><a href="${escape(helpUrl)}">What it means</a></p>`),
    ),
  signOut: ({ action, fields }) =>
    html('Sign out?', form('logout-form', action, fields, '<button type="submit">Sign out</button>')),
  signedOut: ({ continueTo, frames }) =>
    html(
      'You are signed out',
      (continueTo === undefined ? '' : `<p><a href="${escape(continueTo)}">Continue</a></p>`) +
        frames.map(frame).join(''),
    ),
}

export const loginPage = (open: OpenInteraction, problem = ''): string =>
  html(
    `Sign in to ${escape(open.client.name)}`,
    `<p role="alert">${problem}</p>` +
      form(
        'login-form',
        '/sign-in',
        own(open),
        '<p><label>Name <input name="username" autocomplete="username" required></label></p>' +
          '<p><label>Password <input name="password" type="password" autocomplete="current-password" required></label></p>' +
          '<button type="submit">Sign in</button>',
      ),
  )

export const consentPage = (open: OpenInteraction): string =>
  html(
    `${escape(open.client.name)} asks for access`,
    `<p>It returns to ${escape(new URL(open.interaction.request.redirectUri).host)} and may then:</p>` +
      `<ul>${open.scopes.map(({ name, description }) => `<li>${escape(description ?? name)}</li>`).join('')}</ul>` +
      form(
        'consent-form',
        '/agree',
        own(open),
        '<button name="decision" value="deny">Deny</button> <button name="decision" value="allow">Allow</button>',
      ),
  )
