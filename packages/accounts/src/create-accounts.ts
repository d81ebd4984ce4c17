import { floor, systemRandom, type Random, type Seconds } from '@sallyport/protocol'
import type { Accounts, HttpRequest, OpenLogin, Pages, Route, Session, Store } from '@sallyport/server/model'
import { sallyportBrand, type Brand } from './brand.ts'
import { claimsOf, displayName } from './claims.ts'
import { createFactorCheck } from './factors/factor-check.ts'
import { defaultLevels, levelsFault, levelsWithin, type Level } from '@sallyport/server/model'
import { createKnownDevices } from './known-device.ts'
import { chooseLanguage } from './messages/choose-language.ts'
import { de } from './messages/de.ts'
import { en } from './messages/en.ts'
import { createWords, type Languages } from './messages/words.ts'
import { createAssets, type Assets } from './pages/assets.ts'
import type { SignedInAs } from './pages/consent-page.ts'
import { errorPage } from './pages/error-page.ts'
import { formPostPage } from './pages/form-post-page.ts'
import type { Setting } from './pages/layout.ts'
import { signedOutPage, signOutPage } from './pages/sign-out-pages.ts'
import { createPasswordHashes, type HashCost } from './passwords/password-hash.ts'
import type { GateLimits } from './passwords/gate.ts'
import { createPeople, normalUsername, type People } from './people.ts'
import { createAccountRoute } from './routes/account-route.ts'
import { createAppsRoute } from './routes/apps-route.ts'
import { assetRoutes } from './routes/asset-routes.ts'
import { createSecurityRoute } from './routes/security-route.ts'
import { createDeviceRoute } from './routes/device-route.ts'
import { createRequestsRoute } from './routes/requests-route.ts'
import { createConsentRoute } from './routes/consent-route.ts'
import { createFactorRoute } from './routes/factor-route.ts'
import { createSessionsRoute } from './routes/sessions-route.ts'
import { createLoginRoute } from './routes/login-route.ts'
import { header } from './routes/respond.ts'
import { createSignIn } from './sign-in.ts'
import { notifier, type PersonNotice } from './notifier.ts'
import { createThrottle, defaultThrottle, type ThrottleLimits } from './throttle.ts'

/** The languages that come with the package. */
export const builtInLanguages: Languages = { en, de }

/** The verbs of the store that people and their sign-in need. */
export type AccountsStore = Pick<
  Store,
  'accounts' | 'factors' | 'count' | 'readCount' | 'clearCount' | 'subjectActive' | 'setSubjectActive' | 'endSubject'
>

export type AccountsOptions = {
  readonly store: AccountsStore
  readonly now: () => Seconds
  /** The issuer; needed where it has a path, since every page of ours then lies below that path. */
  readonly issuer?: string | undefined
  readonly random?: Random | undefined
  readonly brand?: Brand | undefined
  /** Catalogues by BCP 47 tag; English and German when left out. */
  readonly languages?: Languages | undefined
  /** Language of pages for people whose wishes are unknown or not met; `en` when left out. */
  readonly defaultLanguage?: string | undefined
  /** Seconds for which agreement is remembered; only the words of the consent page depend on it. */
  readonly consentLifetime?: number | undefined
  /** Writes to people, by mail or in another way, what they have to hear of; it may reject, and is never waited for. */
  readonly notify?: ((notice: PersonNotice) => Promise<void>) | undefined
  /** Levels of signing in, best first; with a password and a code, and with a password, when left out. */
  readonly levels?: readonly Level[] | undefined
  /** When people who have a second factor are asked for it: `always`, or only for levels that need it; `always` when left out. */
  readonly secondFactor?: 'always' | 'on_demand' | undefined
  /** Draws a QR code as SVG, for the page on which people add an authenticator app. */
  readonly qrCode?: ((text: string) => Promise<string>) | undefined
  readonly throttle?: Partial<ThrottleLimits> | undefined
  readonly hashing?: { readonly cost?: HashCost | undefined; readonly limits?: GateLimits | undefined } | undefined
}

/** People with passwords, and every page they see. */
export type PasswordAccounts = {
  readonly accounts: Accounts
  readonly pages: Pages
  readonly routes: readonly Route[]
  readonly people: People
}

type Settings = (uiLocales: readonly string[], acceptLanguage?: string) => Setting

/** Finds the setting of a page for a list of wished languages. Throws when the default language has no catalogue. */
function createSettings(options: AccountsOptions, assets: Assets, base: string): Settings {
  const brand = options.brand ?? sallyportBrand
  const languages = options.languages ?? builtInLanguages
  const fallback = options.defaultLanguage ?? 'en'
  if (!Object.hasOwn(languages, fallback)) throw new RangeError(`no catalogue for the default language ${fallback}`)
  const settings = new Map<string, Setting>()
  for (const [language, catalogue] of Object.entries(languages)) {
    settings.set(language, { brand, assets, base, words: createWords(language, catalogue) })
  }
  const tags = [...settings.keys()]
  const ultimate: Setting = { brand, assets, base, words: createWords('en', en) }
  return (uiLocales, acceptLanguage) =>
    settings.get(chooseLanguage(tags, uiLocales, acceptLanguage, fallback)) ?? ultimate
}

/** The levels to work with. Throws for a list that claims what nobody performs. */
function requireLevels({ levels = defaultLevels }: AccountsOptions): readonly Level[] {
  const fault = levelsFault(levels)
  if (fault !== undefined) throw new RangeError(`levels: ${fault}`)
  return levels
}

/** Composes people, their sign-in and the pages into what a server asks for. */
export function createAccounts(options: AccountsOptions): PasswordAccounts {
  const { store, now } = options
  const brand = options.brand ?? sallyportBrand
  const random = options.random ?? systemRandom()
  const base = options.issuer === undefined ? '' : new URL(options.issuer).pathname.replace(/\/$/, '')
  const assets = createAssets(brand, base)
  const settings = createSettings(options, assets, base)
  const settingFor = (request: HttpRequest, open: OpenLogin): Setting =>
    settings(open.interaction.request.uiLocales, header(request, 'accept-language'))
  const plainSetting = (request: HttpRequest): Setting => settings([], header(request, 'accept-language'))
  const hashes = createPasswordHashes(options.hashing?.cost, options.hashing?.limits)
  const throttle = createThrottle(store, { ...defaultThrottle, ...options.throttle })
  const findUser = (id: string) => store.accounts.findUser(id)

  const levels = requireLevels(options)
  const devices = createKnownDevices(store, random)
  const checkFactor = createFactorCheck(store)
  const always = options.secondFactor !== 'on_demand'
  const hasFactor = async (subject: string): Promise<boolean> => (await store.factors.find(subject)) !== undefined

  const accountOf = async ({ subject }: Session): Promise<SignedInAs> => {
    const user = await findUser(subject)
    return user === undefined
      ? { name: subject, username: undefined }
      : { name: displayName(user), username: user.username }
  }

  return {
    accounts: {
      loginUrl: '/login',
      consentUrl: '/consent',
      accountUrl: '/account-choice',
      deviceUrl: '/device',
      factorUrl: '/login/code',
      securityUrl: '/account/security',
      acrValues: levels.map(({ acr }) => acr),
      reachableAcr: async (subject) =>
        levelsWithin(levels, (await hasFactor(subject)) ? ['pwd', 'otp', 'mfa'] : ['pwd']),
      requestsUrl: '/account/requests',
      uiLocales: Object.keys(options.languages ?? builtInLanguages),
      async findClaims(subject) {
        const user = await findUser(subject)
        if (user === undefined || user.disabledAt !== undefined) return undefined
        return (await store.subjectActive(subject)) ? claimsOf(user) : undefined
      },
      ...notifier(options.notify, findUser),
      findByHint: async (hint) => (await store.accounts.findUserByName(normalUsername(hint.slice(0, 256))))?.id,
    },
    pages: {
      error: (view) => errorPage(settings(view.uiLocales), view),
      signOut: (view) => signOutPage(settings(view.uiLocales), view),
      signedOut: (view) => signedOutPage(settings(view.uiLocales), view),
      formPost: (view) => formPostPage(settings(view.uiLocales), view),
    },
    routes: [
      createLoginRoute({
        settingFor,
        check: createSignIn({ store, hashes, throttle, now }),
        devices,
        findUser,
        levels,
        asksForCode: async (subject) => always && hasFactor(subject),
      }),
      createFactorRoute({ settingFor, check: checkFactor, devices, levels, store }),
      createSecurityRoute({
        ...{ settingFor: plainSetting, accountOf, check: checkFactor, devices, store, random },
        qrCode: options.qrCode,
      }),
      createConsentRoute({
        settingFor,
        accountOf,
        rememberFor: options.consentLifetime ?? floor.consentLifetime.default,
      }),
      createAccountRoute({ settingFor, accountOf }),
      createAppsRoute({ settingFor: plainSetting, accountOf }),
      createSessionsRoute({ settingFor: plainSetting, accountOf }),
      createDeviceRoute({ settingFor: plainSetting, accountOf }),
      createRequestsRoute({ settingFor: plainSetting, accountOf }),
      ...assetRoutes(assets),
    ],
    people: createPeople({ store, hashes, now, random, contextWords: [brand.name] }),
  }
}
