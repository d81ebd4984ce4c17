import type { Route } from '@sallyport/server'
import { consentPage, loginPage } from './pages.ts'
import { subjectOf } from './people.ts'

const signIn: Route = {
  path: '/sign-in',
  methods: {
    GET: async (host, request) => {
      const open = await host.interactions.find(request)
      return host.page(loginPage(open), { formAction: open.redirectSource })
    },
    POST: async (host, request) => {
      const open = await host.interactions.find(request)
      const form = host.interactions.form(request, open)
      const subject = subjectOf(form.get('username') ?? '', form.get('password') ?? '')
      if (subject !== undefined) {
        await host.emit({ event: 'login.succeeded', subject, clientId: open.client.id })
        return host.interactions.login(request, open, { subject, amr: ['pwd'], acr: undefined })
      }
      await host.emit({ event: 'login.failed', clientId: open.client.id })
      const again = await host.interactions.renew(open)
      const page = loginPage(again, 'The name or the password is not right.')
      return host.page(page, { status: 403, formAction: open.redirectSource })
    },
  },
}

const agree: Route = {
  path: '/agree',
  methods: {
    GET: async (host, request) => {
      const open = await host.interactions.find(request)
      return host.page(consentPage(open), { formAction: open.redirectSource })
    },
    POST: async (host, request) => {
      const open = await host.interactions.find(request)
      const form = host.interactions.form(request, open)
      const allow = form.get('decision') === 'allow'
      const scope = open.scopes.map(({ name }) => name)
      return host.interactions.decide(request, open, { allow, scope, remember: false })
    },
  },
}

/** The application's own pages for signing in and agreeing. */
export const routes: readonly Route[] = [signIn, agree]
