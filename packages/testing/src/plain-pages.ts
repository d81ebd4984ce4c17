import type {
  DeviceStep,
  ErrorView,
  OpenInteraction,
  OpenLogin,
  Pages,
  SignOutView,
  SignedOutView,
  WaitingStep,
} from '@sallyport/server/model'

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] ?? '')

const layout = (title: string, body: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head><body>${body}</body></html>`

const hidden = (fields: Readonly<Record<string, string>>): string =>
  Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`)
    .join('')

const form = (id: string, action: string, fields: Readonly<Record<string, string>>, content: string): string =>
  `<form id="${id}" method="post" action="${escape(action)}">${hidden(fields)}${content}</form>`

const button = (value: string): string => `<button type="submit" name="decision" value="${value}">${value}</button>`

const ofOpen = ({ id, csrf }: OpenLogin): Record<string, string> => ({ interaction: id, csrf })

/** The login page: fields `username` and `password`. */
export const loginPage = (open: OpenLogin, problem: string | undefined): string =>
  layout(
    'Sign in',
    `<p>${problem ?? ''}</p>` +
      form(
        'login-form',
        'login',
        ofOpen(open),
        '<input name="username"><input name="password" type="password"><button type="submit">Sign in</button>',
      ) +
      form('login-cancel-form', 'login', ofOpen(open), button('cancel')),
  )

/** The consent page: every scope and resource named, a tick box `remember`, buttons `allow` and `deny`. */
export const consentPage = (open: OpenInteraction): string =>
  layout(
    'Consent',
    `<h1>${escape(open.client.name)}</h1><p id="host">${escape(open.redirectSource)}</p>` +
      `<ul>${open.scopes.map((scope) => `<li>${escape(scope.name)}</li>`).join('')}</ul>` +
      `<p id="earlier">${escape(open.earlierScope.join(' '))}</p>` +
      `<ul>${open.resources.map((resource) => `<li>${escape(resource.name)}</li>`).join('')}</ul>` +
      form(
        'consent-form',
        'consent',
        ofOpen(open),
        (open.mayRemember ? '<input type="checkbox" name="remember" value="yes">' : '') +
          button('deny') +
          button('allow'),
      ),
  )

/** The account page: buttons `keep`, `other` and `cancel`. */
export const accountPage = (open: OpenInteraction): string =>
  layout(
    'Account',
    form(
      'account-form',
      'account-choice',
      ofOpen(open),
      open.aside.map(({ id }) => `<button name="account" value="${escape(id)}">${escape(id)}</button>`).join('') +
        button('keep') +
        button('other') +
        button('cancel'),
    ),
  )

/** The pages for devices: a field `user_code`, then buttons `deny`, `allow` and `disown`, then what became of it. */
export function devicePage(step: Exclude<DeviceStep, { step: 'login' }>): string {
  switch (step.step) {
    case 'enter': {
      const field = `<input name="user_code" value="${escape(step.typed)}"><button type="submit">Continue</button>`
      const problem = `<p id="problem">${step.problem ?? ''}</p>`
      return layout('Device', problem + form('device-form', 'device', { csrf: step.csrf }, field))
    }
    case 'decide': {
      const { client, userCode, csrf, scopes, resources, network, userAgent, sameNetwork } = step.open
      const facts = [client.name, userCode, network, userAgent, sameNetwork ? 'near' : 'far']
      const asked = [...scopes, ...resources].map(({ name }) => name)
      const list = [...facts, ...asked].map((text) => `<li>${escape(text)}</li>`).join('')
      const hiddens = { step: 'decide', user_code: userCode, csrf }
      const buttons = button('deny') + button('allow') + button('disown')
      return layout('Device', `<ul>${list}</ul>${form('decision-form', 'device', hiddens, buttons)}`)
    }
    case 'done':
      return layout('Device', `<p id="done">${step.decision}</p>`)
    case 'wait':
      return layout('Device', `<p id="wait">${step.seconds}</p>`)
  }
}

/** The page for requests without a browser: a form for each, then what became of it. */
export function requestsPage(step: Exclude<WaitingStep, { step: 'login' }>): string {
  if (step.step === 'done') return layout('Requests', `<p id="done">${step.decision}</p>`)
  const buttons = button('deny') + button('allow') + button('disown')
  const cards = step.requests.map(({ id, csrf, client, bindingMessage, scopes, network }, index) => {
    const facts = [client.name, bindingMessage ?? '', network, ...scopes.map(({ name }) => name)]
    const list = facts.map((text) => `<li>${escape(text)}</li>`).join('')
    return `<ul>${list}</ul>${form(`request-${index}-form`, 'requests', { request: id, csrf }, buttons)}`
  })
  return layout('Requests', `<p id="problem">${step.problem ?? ''}</p>${cards.join('')}`)
}

/** Pages as plain as they can be, with the form ids and field names of the server's own. */
export const plainPages: Pages = {
  error: (view: ErrorView) =>
    layout(
      'Error',
      `<p id="reason">${escape(view.reason)}</p><p id="request-id">${escape(view.requestId)}</p>` +
        (view.clientName === undefined ? '' : `<p id="client">${escape(view.clientName)}</p>`) +
        (view.continueTo === undefined
          ? ''
          : `<a id="continue" href="${escape(view.continueTo.url)}">${escape(view.continueTo.host)}</a>`) +
        (view.comparison === undefined
          ? ''
          : `<pre id="sent">${escape(view.comparison.sent)}</pre><pre id="registered">${escape(view.comparison.registered.join('\n'))}</pre>`),
    ),
  signOut: (view: SignOutView) => layout('Sign out', form('logout-form', view.action, view.fields, button('logout'))),
  signedOut: (view: SignedOutView) =>
    layout(
      'Signed out',
      `<p id="notice">${view.notice ?? ''}</p>` +
        (view.continueTo === undefined ? '' : `<a id="continue" href="${escape(view.continueTo)}">Continue</a>`) +
        view.frames.map((address) => `<iframe src="${escape(address)}" hidden></iframe>`).join(''),
    ),
}
