import { reasons, type Reason } from '@sallyport/protocol'
import { describe, expect, it } from 'vitest'
import type { ConnectedApp } from '@sallyport/server/model'
import { appsPage } from '../src/pages/apps-page.ts'
import { consentPage } from '../src/pages/consent-page.ts'
import { errorPage } from '../src/pages/error-page.ts'
import { formPostPage } from '../src/pages/form-post-page.ts'
import { loginPage } from '../src/pages/login-page.ts'
import { accountPage } from '../src/pages/account-page.ts'
import { signOutPage } from '../src/pages/sign-out-pages.ts'
import { throttledPage } from '../src/pages/throttled-page.ts'
import { styleSheet } from '../src/pages/style-sheet.ts'
import { sallyportBrand } from '../src/brand.ts'
import { openInteraction, session } from './fixtures.ts'
import { english, errorView, german, pageStates } from './page-states.ts'

const rememberFor = 30 * 86_400
const states = Object.entries(pageStates).map(([name, page]) => [name, page(english)] as const)

describe('every page', () => {
  it.each(states)(
    'XS-02 loads nothing but the style sheet and the icon, without script or inline style: %s',
    (_name, page) => {
      // Of applications, in a frame that can neither leave nor open anything.
      const own = page.replace(
        /<iframe src="https:[^"]+" title="" hidden sandbox="allow-scripts allow-same-origin"><\/iframe>/,
        '',
      )
      expect(own).not.toMatch(/<script|<style|<iframe|<img|\sstyle=|\son[a-z]+=|javascript:/i)
      const loaded = [...page.matchAll(/<link [^>]*href="([^"]+)"/g)].map((match) => match[1])
      expect(loaded).toEqual([english.assets.icon.url, english.assets.style.url])
      expect(own).not.toMatch(/src=/)
    },
  )

  it.each(states)('A-UI-09 has one heading, a language, a title with the name of the house: %s', (_name, page) => {
    expect(page.match(/<h1>/g)).toHaveLength(1)
    expect(page).toMatch(/^<!doctype html>\n<html lang="en" dir="ltr">/)
    expect(page).toMatch(/<title>[^<]+ – Sallyport<\/title>/)
  })

  it.each(states)('CS-01 gives every form an id, and the CSRF token goes with each post: %s', (_name, page) => {
    for (const form of page.match(/<form[^]*?<\/form>/g) ?? []) {
      expect(form).toMatch(/^<form id="[a-z0-9-]+-form"[^>]* method="post"/)
      expect(form).toContain('<input type="hidden" name="csrf" value="csrf-token">')
    }
  })
})

describe('the page that takes an answer to the application', () => {
  const action = 'https://prints.example/callback'
  const view = { action, fields: { code: 'c', state: `"'><script>` }, scriptNonce: 'the-nonce', uiLocales: [] }

  it('B-OIDC-34, XS-02 runs one script, under its nonce, and looks like the others', () => {
    const page = formPostPage(english, view)
    expect(page.match(/<script[^>]*>/g)).toEqual(['<script nonce="the-nonce">'])
    expect(page).not.toMatch(/<style|<iframe|<img|\sstyle=|\son[a-z]+=|javascript:|src=/i)
    expect(page).toContain(`href="${english.assets.style.url}"`)
    expect(page.match(/<h1>/g)).toHaveLength(1)
  })

  it('B-OIDC-34 is complete without scripts, in the language of the person', () => {
    for (const setting of [english, german]) {
      const page = formPostPage(setting, view)
      expect(page).toContain(`<form id="authorization-response" method="post" action="${action}">`)
      expect(page).toContain(`<button type="submit">${setting.words.say('formPost.submit').toString()}</button>`)
      expect(page).toContain('name="state" value="&quot;&#39;&gt;&lt;script&gt;"')
    }
  })
})

/** Tags with the names of their attributes, in order: all that text in a page can change only by breaking out. */
const skeleton = (page: string): readonly string[] =>
  [...page.matchAll(/<[!/]?[a-z][^\s>]*(?:\s+[\w-]+(?:="[^"]*")?)*\s*>/gi)].map(([tag]) =>
    tag.replace(/="[^"]*"/g, '').replace(/\s+/g, ' '),
  )

function everywhere(text: string): readonly string[] {
  const open = openInteraction({
    session,
    step: 'consent',
    id: text,
    csrf: text,
    client: { name: text },
    request: { redirectUri: `https://${text}/` },
    scopes: [
      { name: text, description: text, resource: text },
      { name: text, description: undefined, resource: undefined },
    ],
    resources: [{ id: text, name: text }],
    claims: [text],
  })
  const who = { name: text, username: `${text}.` }
  const fields = { [text]: text }
  const comparison = { sent: text, registered: [text, text] }
  const view = errorView('redirect_uri_mismatch', {
    requestId: text,
    clientName: text,
    helpUrl: text,
    comparison,
  })
  return [
    loginPage(english, { open, username: text }),
    consentPage(english, { open, account: who, rememberFor }),
    accountPage(english, { open, account: who, others: [{ id: text, account: who }] }),
    throttledPage(english, open, 5),
    signOutPage(english, { action: text, fields, clientName: text, accountName: text, uiLocales: [text] }),
    errorPage(german, view),
  ]
}

describe('escaping', () => {
  const hostile = [
    '<img src=x onerror=alert(1)>',
    '"><svg/onload=alert(1)>',
    '" autofocus onfocus="alert(1)',
    "' autofocus onfocus='alert(1)",
    '</script><script>alert(1)</script>',
    '</title><script>alert(1)</script>',
    '{{7*7}}',
    '<!--',
    '&lt;b&gt;&quot;',
  ]

  it.each(hostile)('XS-01 shows %s as text wherever it may stand', (text) => {
    const harmless = everywhere('text')
    const escaped = text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#39;')
    everywhere(text).forEach((page, index) => {
      expect(skeleton(page)).toEqual(skeleton(harmless[index] ?? ''))
      if (escaped !== text) expect(page).not.toContain(text)
      // The waiting page shows the handle only inside an address, where it is percent-encoded.
      if (!page.includes('Too many attempts')) expect(page).toContain(escaped)
    })
  })
})

describe('login page', () => {
  it('A-UI-09 names its fields for password managers and takes pasted text', () => {
    const page = loginPage(english, { open: openInteraction(), username: '' })
    expect(page).toMatch(/<input id="username" name="username" type="text"[^>]*autocomplete="username"/)
    expect(page).toMatch(/<input id="password" name="password" type="password"[^>]*autocomplete="current-password"/)
    expect(page).not.toMatch(/onpaste|autocomplete="off"|maxlength/)
  })

  it('B-OIDC-30 only fills the field with the hint, escaped', () => {
    const page = loginPage(english, { open: openInteraction(), username: '"><b>x' })
    expect(page).toContain('value="&quot;&gt;&lt;b&gt;x"')
  })

  it('BF-05 never puts a password back into the page', () => {
    expect(pageStates['login-refused']?.(english)).toMatch(/name="password" type="password" value=""/)
  })

  it('B-OIDC-42 can be cancelled with a form of its own, so that no password travels along', () => {
    const page = loginPage(english, { open: openInteraction(), username: '' })
    const cancel = /<form id="login-cancel-form"[^]*?<\/form>/.exec(page)?.[0]
    expect(cancel).toContain('name="decision" value="cancel"')
    expect(cancel).not.toContain('password')
  })

  it('A-UI-09 moves the focus to the summary of what went wrong and says so in the title', () => {
    const page = pageStates['login-incomplete']?.(english) ?? ''
    expect(page).toContain('<title>Error: Sign in to Photo Prints – Sallyport</title>')
    expect(page).toMatch(/<div class="problem" role="alert" tabindex="-1" autofocus/)
    expect(page).toContain('<a href="#password">')
    expect(page.match(/autofocus/g)).toHaveLength(1)
    expect(page).toMatch(/id="password"[^>]*aria-invalid="true" aria-describedby="password-fault"/)
  })
})

describe('consent page of an application that nobody registered', () => {
  const page = pageStates['consent-document']?.(english) ?? ''
  const position = (text: string): number => page.indexOf(text, page.indexOf('<h1>'))

  it('A-CIMD-12, DC-14 shows the host of its document first and largest, in ASCII, and its name as unverified', () => {
    expect(/<h1>[^]*?<\/h1>/.exec(page)?.[0]).toContain('xn--bnk-qla.example')
    expect(/<h1>[^]*?<\/h1>/.exec(page)?.[0]).not.toContain('Google')
    expect(/<title>[^<]*<\/title>/.exec(page)?.[0]).not.toContain('Google')
    expect(page).toMatch(/<p class="host"><bdi>xn--bnk-qla\.example<\/bdi><\/p>/)
    expect(position('xn--bnk-qla.example')).toBeLessThan(position('Google'))
    expect(position('id="document"')).toBeLessThan(position('id="unverified"'))
    expect(page).not.toContain('Registered by the people')
  })

  it('A-CIMD-12, A-UI-10 warns at the first use and where only a program on this device gets the answer', () => {
    expect(page).toContain('id="first-use"')
    expect(page).toContain('id="warning"')
    expect(page).toContain('127.0.0.1:51004')
    const again = openInteraction({
      step: 'consent',
      session,
      client: { id: 'https://a.example/c', channel: 'metadata_document' },
    })
    const known = consentPage(english, { open: again, account: { name: 'A', username: undefined }, rememberFor })
    expect(known).not.toContain('id="first-use"')
    expect(known).toContain('id="unverified"')
  })

  it('A-UI-10 says of an application that registered itself that nobody checked it', () => {
    const open = openInteraction({ step: 'consent', session, firstUse: true, client: { channel: 'dynamic' } })
    const shown = consentPage(english, { open, account: { name: 'A', username: undefined }, rememberFor })
    expect(shown).toContain('id="unverified"')
    expect(shown).toContain('id="first-use"')
    expect(shown).not.toContain('Registered by the people')
  })
})

describe('consent page', () => {
  const page = pageStates['consent']?.(english) ?? ''

  it('A-MCP-08 asks about what is new, and lists apart what was allowed before', () => {
    const [fresh = '', earlier = ''] = (pageStates['consent-more']?.(english) ?? '').split('<section id="earlier">')
    expect(fresh).toContain('New: if you allow it')
    for (const words of ['Add, change and remove entries', 'Keep this access while you are away', 'calendar:unnamed'])
      expect([fresh.includes(words), earlier.includes(words)]).toEqual([true, false])
    for (const words of ['Read your profile', 'See the entries of your calendar'])
      expect([fresh.includes(words), earlier.includes(words)]).toEqual([false, true])
  })

  it('A-MCP-08 asks about everything when nothing is new, and about no API of which everything was allowed', () => {
    const account = { name: 'A', username: undefined }
    const notes = { name: 'notes', description: 'Read your notes', resource: 'Notes' }
    const open = openInteraction({
      step: 'consent',
      session,
      scopes: [{ name: 'email', description: undefined, resource: undefined }, notes],
      resources: [{ id: 'https://notes.example', name: 'Notes' }],
    })
    const shown = (earlierScope: readonly string[]) =>
      consentPage(english, { open: { ...open, earlierScope }, account, rememberFor })
    const again = `<p class="note" id="again">You allowed it before</p>`
    expect(shown(['email', 'notes'])).toContain(again)
    expect(shown(['email', 'notes']).replace(again, '')).toBe(shown([]))
    // A scope about the account says nothing about an API, and nothing about single claims.
    const only = { ...open, scopes: open.scopes.slice(0, 1), earlierScope: ['email'] }
    for (const other of [only, { ...only, resources: [], claims: ['phone_number'] }])
      expect(consentPage(english, { open: other, account, rememberFor })).not.toContain('id="again"')
    expect(consentPage(english, { open: { ...only, resources: [] }, account, rememberFor })).toContain(again)
    const [fresh = ''] = shown(['notes']).split('<section id="earlier">')
    expect(fresh).toContain('Read your e-mail address')
    expect(fresh).not.toContain('Notes')
    const beside = {
      open: { ...open, earlierBeside: [{ ...notes, name: 'notes.write', description: 'Change your notes' }] },
    }
    const both = consentPage(english, { ...beside, account, rememberFor })
    const [asked = '', before = ''] = both.split('<section id="earlier">')
    expect(asked).toContain('New: if you allow it')
    expect([asked, before].map((part) => part.includes('Change your notes'))).toEqual([false, true])
    expect([asked, before].map((part) => part.includes('Read your notes'))).toEqual([true, false])
  })

  it('A-UI-09 shows application, account, host, scopes in words and the resource by name', () => {
    for (const words of [
      'Photo Prints</bdi> asks for access',
      'Demo Person',
      '<bdi>prints.example</bdi>',
      'Read your e-mail address',
      'See the entries of your calendar',
      'Calendar API',
      'https://calendar.example/api',
    ]) {
      expect(page).toContain(words)
    }
  })

  it('A-UI-03 tells who vouches for the application and links its site only when that is https', () => {
    expect(page).toContain('Registered by the people who run Sallyport.')
    expect(page).toContain(
      '<a href="https://www.prints.example/about" rel="noreferrer"><bdi>www.prints.example</bdi></a>',
    )
    const plain = consentPage(english, {
      open: openInteraction({ step: 'consent', session, client: { clientUri: 'javascript:alert(1)' } }),
      account: { name: 'Demo Person', username: 'demo' },
      rememberFor,
    })
    expect(plain).not.toContain('javascript:')
  })

  it('B-OIDC-38 names access while away in words, last among what concerns the account', () => {
    const own = page.slice(0, page.indexOf('Calendar API'))
    expect(own.lastIndexOf('<strong>')).toBe(own.indexOf('<strong>Keep this access while you are away'))
  })

  it('B-OIDC-24 lists claims that are asked for one by one', () => {
    expect(page).toContain('phone number, <code>https://claims.example/level</code>')
  })

  it('A-UI-09 shows the scopes of an API that the request does not name as a resource', () => {
    const unlisted = pageStates['consent-unlisted']?.(english) ?? ''
    for (const words of [
      'At <bdi class="name">Notes</bdi>',
      'Read your notes',
      'At <bdi class="name">Files</bdi>',
      'Read your files',
    ]) {
      expect(unlisted).toContain(words)
    }
  })

  it('A-UI-09 has Deny before Allow, both alike, and nothing ticked', () => {
    expect(page).toMatch(/value="deny"[^]*value="allow"/)
    expect(page).not.toContain('checked')
  })

  it('CS-07 warns of programs on the device and offers no remembering for them', () => {
    const native = pageStates['consent-loopback']?.(english) ?? ''
    expect(native).toContain('127.0.0.1:51004')
    expect(native).toContain('id="warning"')
    expect(native).not.toContain('name="remember"')
  })

  it('CS-04 sends the decision only, never what is asked for', () => {
    const form = /<form id="consent-form"[^]*?<\/form>/.exec(page)?.[0] ?? ''
    const names = [...form.matchAll(/ name="([^"]+)"/g)].map((match) => match[1])
    expect(names).toEqual(['interaction', 'csrf', 'remember', 'decision', 'decision'])
  })
})

describe('page of connected applications', () => {
  const card = (client: Partial<ConnectedApp['client']>): string => {
    const app = {
      ...{ client: { ...openInteraction({ step: 'consent', session }).client, ...client }, scopes: [], devices: [] },
      ...{ since: undefined, offline: false, rememberedUntil: undefined, csrf: 'x' },
    }
    return appsPage(english, { account: { name: 'A', username: 'a' }, apps: [app], withdrawn: false })
  }

  it('A-UI-09, A-CIMD-12 says of each by which door it came, and who vouches for it', () => {
    expect(card({ channel: 'managed' })).toContain('Registered by the people who run')
    expect(card({ channel: 'managed' })).not.toContain('Not verified')
    const dynamic = card({ channel: 'dynamic', name: '<b>Bank' })
    expect(dynamic).toContain('Not verified: this application registered itself')
    expect(dynamic).not.toContain('<b>Bank')
    const document = card({ channel: 'metadata_document', id: 'https://xn--bnk-qla.example/client.json' })
    expect(document).toContain('It describes itself at <bdi>xn--bnk-qla.example</bdi>')
    expect(document).toContain('Not verified')
    expect(document).not.toContain('Registered by the people who run')
  })
})

describe('error page', () => {
  it.each(Object.keys(reasons) as Reason[])(
    'A-UI-12 has words for %s, with its id and that of the request',
    (reason) => {
      for (const setting of [english, german]) {
        const page = errorPage(setting, errorView(reason))
        expect(page).toContain(`<code>${reason}</code>`)
        expect(page).toContain('<code>req_8kQ2mZr4Tn0</code>')
        expect(page).not.toMatch(/undefined|\{[a-z]+\}/)
      }
    },
  )

  it.each([
    [english, 'This address is not asked that way', 'There is nothing here'],
    [german, 'So lässt sich diese Adresse nicht aufrufen', 'Hier ist nichts'],
  ])('A-UI-12, IN-10 tells a wrong method from a wrong address', (setting, method, path) => {
    expect(errorPage(setting, errorView('method'))).toContain(`<h1>${method}</h1>`)
    expect(errorPage(setting, errorView('method'))).not.toContain(path)
    expect(errorPage(setting, errorView('path'))).toContain(`<h1>${path}</h1>`)
  })

  it('A-UI-12 names the client and links elsewhere only when it was told to', () => {
    const page = errorPage(english, errorView('client_unknown', { helpUrl: undefined }))
    expect(page).not.toContain('You came from')
    expect(page).not.toContain('<a ')
  })

  it('A-AUTHZ-13 offers the way on by hand, without telling where it came from', () => {
    expect(pageStates['error-pkce']?.(english)).toMatch(
      /<a href="https:\/\/prints\.example\/callback\?error=invalid_request" rel="noreferrer">Go on to/,
    )
  })

  it('A-REDIR-01 marks in development the characters that differ between the two addresses', () => {
    const page = pageStates['error-redirect']?.(english) ?? ''
    expect(page).toContain('calback<mark>?x=1</mark>')
    expect(page).toContain('http<mark>s</mark>://prints.example/cal<mark>l</mark>back')
    expect(page).toContain('the first is number 5')
  })
})

describe('brand', () => {
  it('A-UI-02 writes every colour of the style sheet as one of the nine of the brand', () => {
    const sheet = styleSheet(sallyportBrand)
    const rules = sheet.slice(sheet.indexOf('*,*::before'))
    expect(rules).not.toMatch(/#[0-9a-f]{3,8}\b|rgb\(|hsl\(/i)
    expect(sheet).not.toMatch(/url\(|@import/)
  })

  it('A-UI-03 changes the address of the style sheet with its content', () => {
    expect(english.assets.style.url).toMatch(/^\/assets\/sallyport\.css\?v=[\w-]{16}$/)
  })
})
