import { reasons, seconds, type Reason } from '@sallyport/protocol'
import type {
  ConnectedApp,
  DetailInWords,
  DeviceProblem,
  ErrorView,
  OpenDevice,
  SecondFactorView,
  OwnSessionsView,
  SignedOutView,
} from '@sallyport/server/model'
import { sallyportBrand } from '../src/brand.ts'
import { de } from '../src/messages/de.ts'
import { en } from '../src/messages/en.ts'
import { createWords } from '../src/messages/words.ts'
import { appsPage } from '../src/pages/apps-page.ts'
import { accountPage } from '../src/pages/account-page.ts'
import { createAssets } from '../src/pages/assets.ts'
import { consentPage } from '../src/pages/consent-page.ts'
import { deviceDecidePage, deviceDonePage, deviceEnterPage, deviceWaitPage } from '../src/pages/device-pages.ts'
import { errorPage } from '../src/pages/error-page.ts'
import { factorPage, factorWaitPage } from '../src/pages/factor-page.ts'
import type { Setting } from '../src/pages/layout.ts'
import { loginPage } from '../src/pages/login-page.ts'
import { recoveryCodesPage, securityPage, type NewKey, type SecurityPage } from '../src/pages/security-page.ts'
import { sessionsPage } from '../src/pages/sessions-page.ts'
import { requestDonePage, requestsPage, type RequestsPage } from '../src/pages/requests-page.ts'
import { signedOutPage, signOutPage } from '../src/pages/sign-out-pages.ts'
import { throttledPage } from '../src/pages/throttled-page.ts'
import { deviceLogin, openDevice, openInteraction, session, start } from './fixtures.ts'

export const assets = createAssets(sallyportBrand)
export const english: Setting = { brand: sallyportBrand, assets, base: '', words: createWords('en', en) }
export const german: Setting = { brand: sallyportBrand, assets, base: '', words: createWords('de', de) }

export const errorView = (reason: Reason, changes: Partial<ErrorView> = {}): ErrorView => ({
  reason,
  entry: reasons[reason],
  requestId: 'req_8kQ2mZr4Tn0',
  helpUrl: `/docs/errors/${reasons[reason].page}`,
  clientName: undefined,
  continueTo: undefined,
  comparison: undefined,
  uiLocales: [],
  ...changes,
})

const account = { name: 'Demo Person', username: 'demo' }
const calendar = { id: 'https://calendar.example/api', name: 'Calendar API' }
const scope = (name: string, description?: string, resource?: string) => ({ name, description, resource })

const full = openInteraction({
  client: { clientUri: 'https://www.prints.example/about' },
  step: 'consent',
  session,
  scopes: [
    ...['openid', 'profile', 'email', 'offline_access'].map((name) => scope(name)),
    scope('calendar:read', 'See the entries of your calendar', calendar.id),
    scope('calendar:write', 'Add, change and remove entries', calendar.id),
    scope('calendar:unnamed', undefined, calendar.id),
  ],
  resources: [calendar],
  claims: ['phone_number', 'https://claims.example/level'],
})

const waiting: RequestsPage['requests'] = [
  {
    id: 'request-1',
    client: full.client,
    bindingMessage: 'W4SCT Überweisung <b>',
    scopes: full.scopes,
    resources: [calendar],
    since: start,
    network: '203.0.113.9',
    expiresAt: seconds(start + 120),
    csrf: 'csrf-token',
  },
  {
    id: 'request-2',
    client: { ...full.client, name: 'Bank counter' },
    bindingMessage: undefined,
    scopes: [scope('openid')],
    resources: [],
    since: start,
    network: '2001:db8:85a3:8d3::/64',
    expiresAt: seconds(start + 100),
    csrf: 'csrf-token',
  },
]

const requests = (setting: Setting, changes: Partial<RequestsPage> = {}): string =>
  requestsPage(setting, { requests: waiting, account, now: start + 30, problem: undefined, ...changes })

const connected: readonly ConnectedApp[] = [
  {
    client: full.client,
    scopes: full.scopes,
    since: seconds(1_790_000_000),
    offline: true,
    devices: [
      { since: seconds(1_790_086_400), network: '2001:db8:85a3:8d3::/64' },
      { since: seconds(1_790_000_000), network: '203.0.113.9' },
    ],
    rememberedUntil: seconds(1_800_000_000),
    csrf: 'csrf-token',
  },
  {
    client: {
      ...full.client,
      id: 'https://backup.example/client.json',
      channel: 'metadata_document',
      name: 'Backup Tool',
    },
    scopes: [scope('openid')],
    since: undefined,
    offline: false,
    devices: [],
    rememberedUntil: seconds(1_800_000_000),
    csrf: 'csrf-token',
  },
]

const rememberFor = 180 * 86_400

const enter = (setting: Setting, typed = '', problem?: DeviceProblem): string =>
  deviceEnterPage(setting, { step: { step: 'enter', session, typed, csrf: 'csrf-token', problem }, account })

const decide = (setting: Setting, changes: Partial<OpenDevice> = {}, undecided = false): string =>
  deviceDecidePage(setting, { open: openDevice(changes), account, now: start + 95, undecided })

const signedInTwice: OwnSessionsView = {
  current: session,
  others: [
    {
      session: { ...session, id: 'session-2', userAgent: 'Mozilla/5.0 (X11; Linux) Firefox/150.0' },
      csrf: 'csrf-token',
    },
    { session: { ...session, id: 'session-3', userAgent: '<b>', network: '2001:db8::/64' }, csrf: 'csrf-token' },
  ],
  csrf: 'csrf-token',
}

const signedOut: SignedOutView = { notice: undefined, frames: [], continueTo: undefined, uiLocales: [] }

const payment: DetailInWords = {
  detail: { type: 'payment' },
  optional: false,
  words: {
    en: { title: 'Send money once', fields: { 'amount.value': 'Amount', payee: 'To' } },
    de: { title: 'Einmal Geld senden', fields: { 'amount.value': 'Betrag', payee: 'An' } },
  },
  rows: [
    { path: 'amount.value', value: '123.50' },
    { path: 'payee', value: 'Robin & Söhne <GmbH>' },
    { path: 'reference', value: 'x'.repeat(200) + '…' },
  ],
}

const factor: SecondFactorView = {
  factor: { id: 'factor', subject: session.subject, seed: new Uint8Array(), lastStep: 0, createdAt: start },
  recoveryLeft: 7,
}

const offered: NewKey = {
  sealed: 'c2VhbGVk',
  text: 'JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP',
  uri: 'otpauth://totp/Sallyport:demo?issuer=Sallyport&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
  picture: '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"><path d="M0 0h1v1H0z"/></svg>',
}

const security = (setting: Setting, changes: Partial<SecurityPage>): string =>
  securityPage(setting, { account, csrf: 'csrf-token', factor: undefined, offered: undefined, ...changes })

/** Every state of every page, by name, as one whole document each. */
export const pageStates: Readonly<Record<string, (setting: Setting) => string>> = {
  login: (setting) => loginPage(setting, { open: openInteraction(), username: '' }),
  'login-prefilled': (setting) => loginPage(setting, { open: openInteraction({ session }), username: 'demo' }),
  'login-refused': (setting) =>
    loginPage(setting, {
      open: openInteraction(),
      username: 'demo',
      problem: { key: 'problem.credentials', field: 'username' },
    }),
  'login-incomplete': (setting) =>
    loginPage(setting, {
      open: openInteraction(),
      username: 'demo',
      problem: { key: 'problem.passwordMissing', field: 'password' },
    }),
  'login-device': (setting) => loginPage(setting, { open: deviceLogin(), username: '' }),
  'login-security': (setting) => {
    const login = deviceLogin()
    const request = { page: 'security', userCode: undefined, uiLocales: [] } as const
    return loginPage(setting, { open: { ...login, interaction: { ...login.interaction, request } }, username: '' })
  },
  factor: (setting) => factorPage(setting, { open: openInteraction(), more: false }),
  'factor-more': (setting) =>
    factorPage(setting, { open: openInteraction({ session, step: 'factor', optional: true }), more: true }),
  'factor-wrong': (setting) =>
    factorPage(setting, {
      open: openInteraction(),
      more: false,
      problem: { key: 'problem.factorCode', field: 'code' },
    }),
  'factor-wait': (setting) => factorWaitPage(setting, 3600),
  'security-add': (setting) => security(setting, { offered }),
  'security-confirm': (setting) =>
    security(setting, { offered, problem: { key: 'problem.factorConfirm', field: 'enrol-code' } }),
  'security-there': (setting) => security(setting, { factor, notice: 'added' }),
  'security-wrong': (setting) =>
    security(setting, { factor, problem: { key: 'problem.factorCode', field: 'remove-code' } }),
  'security-codes': (setting) =>
    recoveryCodesPage(setting, ['0a1b2-c3d4e', 'f5g6h-j7k8m', 'n9p0q-r1s2t', 'v3w4x-y5z6a'], true),
  device: (setting) => enter(setting),
  'device-filled': (setting) => enter(setting, 'WDJB-MJHT'),
  'device-wrong': (setting) => enter(setting, 'WDJB-MJHX', 'code'),
  'device-over': (setting) => enter(setting, '', 'over'),
  'device-decide': (setting) => decide(setting),
  'device-decide-far': (setting) =>
    decide(setting, {
      network: '2001:db8:85a3:8d3::/64',
      sameNetwork: false,
      userAgent: 'x'.repeat(200),
      resources: [],
      client: { ...openDevice().client, clientUri: undefined },
    }),
  'device-undecided': (setting) => decide(setting, { userAgent: '' }, true),
  'device-approved': (setting) => deviceDonePage(setting, 'allow'),
  'device-denied': (setting) => deviceDonePage(setting, 'deny'),
  'device-disowned': (setting) => deviceDonePage(setting, 'disown'),
  requests: (setting) => requests(setting),
  'requests-none': (setting) => requests(setting, { requests: [] }),
  'requests-over': (setting) => requests(setting, { problem: 'over' }),
  'requests-undecided': (setting) => requests(setting, { problem: 'undecided' }),
  'requests-allowed': (setting) => requestDonePage(setting, 'allow'),
  'requests-denied': (setting) => requestDonePage(setting, 'deny'),
  'requests-disowned': (setting) => requestDonePage(setting, 'disown'),
  'device-wait': (setting) => deviceWaitPage(setting, 600),
  throttled: (setting) => throttledPage(setting, openInteraction(), 240),
  consent: (setting) => consentPage(setting, { open: full, account, rememberFor }),
  'consent-more': (setting) =>
    consentPage(setting, {
      open: { ...full, claims: [], earlierScope: ['openid', 'profile', 'email', 'calendar:read'] },
      account,
      rememberFor,
    }),
  'consent-details': (setting) =>
    consentPage(setting, {
      open: { ...full, details: [payment, { ...payment, optional: true }] },
      account,
      rememberFor,
    }),
  'consent-details-only': (setting) =>
    consentPage(setting, {
      open: { ...full, scopes: [], resources: [], claims: [], details: [payment], mayRemember: false },
      account,
      rememberFor,
    }),
  'consent-agent': (setting) =>
    consentPage(setting, {
      open: {
        ...full,
        mayRemember: false,
        client: { ...full.client, type: 'agent', owner: 'Team Post', purpose: 'Sorts incoming mail into folders' },
      },
      account,
      rememberFor,
    }),
  'consent-unlisted': (setting) =>
    consentPage(setting, {
      open: openInteraction({
        step: 'consent',
        session,
        scopes: [scope('notes:read', 'Read your notes', 'Notes'), scope('files:read', 'Read your files', 'Files')],
      }),
      account,
      rememberFor,
    }),
  'consent-small': (setting) =>
    consentPage(setting, { open: openInteraction({ step: 'consent', session }), account, rememberFor }),
  'consent-loopback': (setting) =>
    consentPage(setting, {
      open: openInteraction({
        step: 'consent',
        session,
        mayRemember: false,
        client: { name: 'Backup Tool', type: 'native' },
        request: { redirectUri: 'http://127.0.0.1:51004/callback' },
        redirectSource: 'http://127.0.0.1:51004',
      }),
      account,
      rememberFor,
    }),
  'consent-document': (setting) =>
    consentPage(setting, {
      open: openInteraction({
        step: 'consent',
        session,
        firstUse: true,
        mayRemember: false,
        client: {
          id: 'https://xn--bnk-qla.example/client.json',
          name: 'Google',
          channel: 'metadata_document',
          type: 'native',
        },
        request: { redirectUri: 'http://127.0.0.1:51004/callback' },
        redirectSource: 'http://127.0.0.1:51004',
      }),
      account,
      rememberFor,
    }),
  'consent-unanswered': (setting) =>
    consentPage(setting, {
      open: openInteraction({
        step: 'consent',
        session,
        mayRemember: false,
        request: { redirectUri: 'com.example.mail:/callback' },
        redirectSource: 'com.example.mail:',
      }),
      account,
      rememberFor,
      problem: { key: 'problem.choice' },
    }),
  account: (setting) =>
    accountPage(setting, { open: openInteraction({ step: 'account', session }), account, others: [] }),
  'account-several': (setting) =>
    accountPage(setting, {
      open: openInteraction({ step: 'account', session }),
      account,
      others: [
        { id: 'session-2', account: { name: 'Demo Person', username: 'demo.at.work' } },
        {
          id: 'session-3',
          account: { name: 'A person with a name so long that no button holds it in one line', username: 'long' },
        },
      ],
    }),
  'account-aside': (setting) =>
    accountPage(setting, {
      open: openInteraction({ step: 'account', session: undefined }),
      account: undefined,
      others: [{ id: 'session-2', account }],
    }),
  apps: (setting) => appsPage(setting, { account, apps: connected, withdrawn: true }),
  'apps-none': (setting) => appsPage(setting, { account, apps: [], withdrawn: false }),
  'apps-nobody': (setting) => appsPage(setting, { account: undefined, apps: [], withdrawn: false }),
  sessions: (setting) => sessionsPage(setting, { view: signedInTwice, account, ended: true }),
  'sessions-only': (setting) =>
    sessionsPage(setting, { view: { ...signedInTwice, others: [] }, account, ended: false }),
  'sessions-nobody': (setting) => sessionsPage(setting, { view: undefined, account: undefined, ended: false }),
  'sign-out': (setting) =>
    signOutPage(setting, {
      action: '/oauth2/logout',
      fields: { csrf: 'csrf-token' },
      clientName: 'Photo Prints',
      accountName: 'Demo Person',
      uiLocales: [],
    }),
  'signed-out': (setting) => signedOutPage(setting, signedOut),
  'signed-out-frames': (setting) =>
    signedOutPage(setting, {
      ...signedOut,
      frames: ['https://shop.example/forget?sid=1&iss=2'],
      continueTo: 'https://shop.example/bye',
    }),
  'signed-out-notice': (setting) => signedOutPage(setting, { ...signedOut, notice: 'logout_redirect' }),
  'error-client': (setting) => errorPage(setting, errorView('client_unknown')),
  'error-redirect': (setting) =>
    errorPage(
      setting,
      errorView('redirect_uri_mismatch', {
        clientName: 'Photo Prints',
        comparison: {
          sent: 'http://prints.example/calback?x=1',
          registered: ['https://prints.example/callback', 'https://staging.prints.example/callback'],
        },
      }),
    ),
  'error-pkce': (setting) =>
    errorPage(
      setting,
      errorView('pkce_required', {
        clientName: 'Photo Prints',
        continueTo: { host: 'prints.example', url: 'https://prints.example/callback?error=invalid_request' },
      }),
    ),
  'error-internal': (setting) => errorPage(setting, errorView('internal', { helpUrl: undefined })),
}
