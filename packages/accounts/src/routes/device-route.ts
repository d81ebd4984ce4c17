import type { DeviceStep, HttpRequest, HttpResponse, Route, RouteHost, Session } from '@sallyport/server/model'
import type { SignedInAs } from '../pages/consent-page.ts'
import { deviceDecidePage, deviceDonePage, deviceEnterPage, deviceWaitPage } from '../pages/device-pages.ts'
import type { Setting } from '../pages/layout.ts'

export type DeviceRouteOptions = {
  readonly settingFor: (request: HttpRequest) => Setting
  readonly accountOf: (session: Session) => Promise<SignedInAs>
}

/** GET shows where to enter a code, POST takes the code and then the decision (RFC 8628 section 3.3). */
export function createDeviceRoute({ settingFor, accountOf }: DeviceRouteOptions): Route {
  const answer = async (host: RouteHost, request: HttpRequest, step: DeviceStep): Promise<HttpResponse> => {
    const setting = settingFor(request)
    switch (step.step) {
      case 'login':
        return step.response
      case 'enter': {
        const account = await accountOf(step.session)
        return host.page(deviceEnterPage(setting, { step, account }), {
          status: step.problem === undefined ? 200 : 400,
        })
      }
      case 'decide': {
        const { open, undecided } = step
        const account = await accountOf(open.session)
        const html = deviceDecidePage(setting, { open, account, now: host.now(), undecided })
        return host.page(html, { status: undecided ? 400 : 200 })
      }
      case 'done':
        return host.page(deviceDonePage(setting, step.decision))
      case 'wait': {
        const headers = { 'retry-after': String(step.seconds) }
        return host.page(deviceWaitPage(setting, step.seconds), { status: 429, headers })
      }
    }
  }

  return {
    path: '/device',
    methods: {
      GET: async (host, request) => answer(host, request, await host.device.show(request)),
      POST: async (host, request) => answer(host, request, await host.device.post(request)),
    },
  }
}
