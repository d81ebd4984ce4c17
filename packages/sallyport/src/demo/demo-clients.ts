import { deviceGrant, type ClientRegistration } from '@sallyport/server'
import { flowScope, gateScopes, ordersScope, type DemoAddresses, type DemoClientName, type RequestKey } from './demo.ts'

const scope = flowScope

/** Where the answers for each client arrive. */
export function redirectUriOf(name: DemoClientName, { app }: DemoAddresses): string {
  switch (name) {
    case 'web':
      return `${app}/callback`
    case 'bench':
      return `${app}/bench/callback`
    case 'attacker':
      return `${app}/attacker/callback`
    case 'pushing':
      return `${app}/pushed/callback`
    case 'treasury':
      return `${app}/step-up/callback`
    case 'spa':
      return 'http://localhost:5173/callback'
    case 'native':
      return 'http://127.0.0.1/callback'
    case 'device':
    case 'api':
    case 'watch':
      return ''
  }
}

/**
 * How each client is registered. The bench is first-party, so attacks that need a fresh code ask nobody; the attacker is
 * an app like any other, correctly registered, because that is who attacks.
 */
export function registrationFor(
  name: DemoClientName,
  addresses: DemoAddresses,
  { d: _private, ...publicKey }: RequestKey,
): ClientRegistration {
  const { app, api, issuer } = addresses
  const redirectUris = [redirectUriOf(name, addresses)]
  const postLogoutRedirectUris = [`${app}/signed-out`]
  switch (name) {
    case 'web':
      return { type: 'web', name: 'Demo Shop', redirectUris, postLogoutRedirectUris, scope, resources: [api, issuer] }
    case 'bench':
      return {
        type: 'web',
        name: 'Demo Shop, under attack',
        redirectUris,
        scope,
        resources: [api, issuer],
        firstParty: true,
      }
    case 'attacker':
      return {
        type: 'web',
        name: 'Totally Honest App',
        redirectUris,
        // It may use the grant of devices itself, or nothing would be left to refuse when it uses somebody else's code.
        grantTypes: ['authorization_code', 'refresh_token', deviceGrant],
        scope: 'openid',
        resources: [],
      }
    case 'pushing':
      return {
        type: 'web',
        name: 'Demo Bank',
        redirectUris,
        scope,
        resources: [api, issuer],
        requirePushedRequests: true,
        jwks: { keys: [{ ...publicKey, alg: 'ES256', use: 'sig' }] },
      }
    case 'treasury':
      return { type: 'web', name: 'Demo Treasury', redirectUris, scope, resources: [api, issuer], firstParty: true }
    case 'spa':
      return {
        type: 'spa',
        name: 'Demo browser app',
        redirectUris,
        postLogoutRedirectUris: ['http://localhost:5173/'],
        scope,
        resources: [api, issuer],
      }
    case 'native':
      return { type: 'native', name: 'Demo native app', redirectUris, scope, resources: [api, issuer] }
    case 'device':
      return { type: 'device', name: 'Demo television', scope, resources: [api, issuer] }
    case 'api':
      return {
        type: 'service',
        name: 'Demo orders API',
        scope: `${ordersScope} ${gateScopes.look}`,
        resourceServerOf: [api],
      }
    case 'watch':
      return {
        type: 'service',
        name: 'Demo night watch',
        scope: ordersScope,
        resources: [api],
        dpopBoundAccessTokens: true,
      }
  }
}
