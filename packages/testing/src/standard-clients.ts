import { laterResourceMembers, type ClientRegistration, type Resource } from '@sallyport/server'

/**
 * The clients of the threat rows: P public in a browser, K confidential with Basic, `post` the same with the secret in the
 * body, N native, D a device, S a service without people, E another correctly registered client that plays the attacker, RS1 and RS2
 * resource servers.
 */
export type ClientKind = 'P' | 'K' | 'post' | 'N' | 'D' | 'S' | 'E' | 'RS1' | 'RS2'

const personalScope = 'openid profile email offline_access read write deliver'

export const standardClients: Readonly<Record<ClientKind, ClientRegistration>> = {
  P: {
    type: 'spa',
    name: 'Public web application',
    redirectUris: ['https://app.test/cb'],
    postLogoutRedirectUris: ['https://app.test/bye'],
    scope: personalScope,
  },
  K: {
    type: 'web',
    name: 'Confidential web application',
    redirectUris: ['https://web.test/cb'],
    postLogoutRedirectUris: ['https://web.test/bye'],
    scope: personalScope,
  },
  post: {
    type: 'web',
    name: 'Application with its secret in the body',
    authenticationMethod: 'client_secret_post',
    redirectUris: ['https://post.test/cb'],
    scope: personalScope,
  },
  N: {
    type: 'native',
    name: 'Native application',
    redirectUris: ['http://127.0.0.1/cb', 'com.example.app:/cb'],
    scope: personalScope,
  },
  D: { type: 'device', name: 'Television', scope: personalScope },
  S: { type: 'service', name: 'Service', scope: 'read write deliver' },
  E: {
    type: 'web',
    name: 'Somebody else',
    redirectUris: ['https://evil.test/cb'],
    grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
    scope: personalScope,
  },
  RS1: { type: 'service', name: 'First API', resourceServerOf: ['https://rs1.test'] },
  RS2: { type: 'service', name: 'Second API', resourceServerOf: ['https://rs2.test'] },
}

/** The two APIs: `read` and `write` belong to the first, `deliver` to the second. */
export const standardResources: readonly Resource[] = [
  {
    id: 'https://rs1.test',
    name: 'First API',
    scopes: [
      { name: 'read', description: 'Read your documents' },
      { name: 'write', description: 'Change your documents' },
    ],
    accessTokenLifetime: undefined,
    ...laterResourceMembers,
  },
  {
    id: 'https://rs2.test',
    name: 'Second API',
    scopes: [{ name: 'deliver', description: 'Send things to you' }],
    accessTokenLifetime: undefined,
    ...laterResourceMembers,
  },
]
