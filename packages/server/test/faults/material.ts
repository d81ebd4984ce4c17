import {
  basic,
  credentialsOf,
  encodeParameters,
  type Parameters,
  type TestClient,
  type TestIssuer,
} from '@sallyport/testing'
import type { HttpRequest } from '@sallyport/server'
import { challengeOf } from '@sallyport/protocol'

/** Values that mean something to the issuer right now, by the name of the parameter or header that carries them. */
export type Material = Readonly<Record<string, readonly string[]>>

/** Values that never change. */
function lasting(issuer: TestIssuer): Material {
  const clients = Object.values(issuer.clients)
  const ids = clients.map(({ id }) => id)
  const secrets = clients.map(({ secret }) => secret ?? 'none')
  return {
    response_type: ['code', 'code', 'code', 'token', 'code id_token'],
    client_id: [...ids, 'client_unknown'],
    client_secret: secrets,
    redirect_uri: clients.map(({ redirectUri }) => redirectUri),
    scope: ['openid', 'openid offline_access read', 'openid profile email', 'read', 'read write deliver', 'admin'],
    resource: ['https://rs1.test', 'https://rs2.test', 'https://as.test', 'https://unknown.test'],
    code_challenge_method: ['S256', 'S256', 'S256', 'plain'],
    prompt: ['none', 'login', 'consent', 'select_account', 'login consent', 'none login'],
    max_age: ['0', '1', '3600', '99999999999'],
    acr_values: ['urn:sallyport:test:strong', 'x'],
    claims: ['{"id_token":{"sub":{"value":"x"},"email":null}}', '{"userinfo":{"name":{"essential":true}}}', '{'],
    response_mode: ['query', 'form_post', 'fragment'],
    grant_type: [
      'authorization_code',
      'authorization_code',
      'refresh_token',
      'refresh_token',
      'client_credentials',
      'password',
    ],
    token_type_hint: ['access_token', 'refresh_token', 'x'],
    username: ['alice', 'bob', 'mallory'],
    password: [issuer.alice.password, 'wrong'],
    decision: ['allow', 'deny', 'keep', 'other', 'cancel', 'logout'],
    remember: ['yes'],
    post_logout_redirect_uri: ['https://web.test/bye', 'https://evil.test'],
    ui_locales: ['de en', 'xx'],
  }
}

/** Fresh codes, tokens, cookies and form tokens of real flows at every stage. */
export async function gather(issuer: TestIssuer): Promise<Material> {
  const clients = Object.values(issuer.clients)
  const { K, P, N } = issuer.clients
  const flows = []
  for (const client of [K, P, N]) flows.push(await issuer.codeFlow({ client, remember: true }))
  const unused = [await issuer.authorize({ client: P }), await issuer.authorize({ client: K })]
  const begun = [await issuer.begin(), await issuer.begin({ client: P, parameters: { prompt: 'login consent' } })]
  const { username, password } = issuer.alice
  const [first] = begun
  const consents =
    first === undefined ? [] : [await first.browser.submit(first.visit, 'login-form', { username, password })]
  const own = await issuer.codeFlow({ parameters: { resource: undefined, scope: 'openid profile' } })
  const forms = [...begun.map(({ visit }) => visit), ...consents].flatMap(({ forms: all }) => all)
  const verifiers = [...flows.map(({ authorized }) => authorized), ...unused].map(({ verifier }) => verifier)
  const tokens = [
    ...flows.flatMap(({ accessToken, refreshToken, idToken }) => [accessToken, refreshToken, idToken]),
    own.accessToken,
  ]
  const browsers = [...flows.map(({ authorized }) => authorized.browser), ...begun.map(({ browser }) => browser)]
  return {
    ...lasting(issuer),
    code: [...flows.map(({ authorized }) => authorized.code), ...unused.map(({ code }) => code), 'x'],
    code_verifier: verifiers,
    code_challenge: [
      ...verifiers.map(challengeOf),
      ...Array.from({ length: 8 }, () => challengeOf(issuer.random.handle())),
    ],
    refresh_token: flows.map(({ refreshToken }) => refreshToken),
    token: tokens,
    access_token: tokens,
    id_token_hint: [own.idToken, ...flows.map(({ idToken }) => idToken)],
    interaction: forms.map(({ fields }) => fields['interaction'] ?? 'x'),
    csrf: forms.map(({ fields }) => fields['csrf'] ?? 'x'),
    cookie: browsers.map(({ jar }) => jar.header(true) ?? 'x=y'),
    authorization: [
      ...clients.map(({ id, secret }) => basic(id, secret ?? 'x')),
      ...tokens.map((token) => `Bearer ${token}`),
      'Basic',
      'Bearer a b',
      'DPoP x',
    ],
  }
}

/** A token request as the client would send it. */
function tokenRequest(client: TestClient, parameters: Parameters): HttpRequest {
  const { headers, parameters: credentials } = credentialsOf(client)
  return {
    method: 'POST',
    path: '/oauth2/token',
    query: '',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: Buffer.from(encodeParameters({ ...credentials, ...parameters })),
    remoteAddress: '198.51.100.20',
  }
}

/** Good token requests that nobody has sent yet. */
export async function unsent(issuer: TestIssuer): Promise<readonly HttpRequest[]> {
  const { K, P, S, post } = issuer.clients
  const requests: HttpRequest[] = []
  for (const client of [K, P, post]) {
    const { code, verifier, sent } = await issuer.authorize({ client })
    const { redirect_uri } = sent
    requests.push(
      tokenRequest(client, { grant_type: 'authorization_code', code, redirect_uri, code_verifier: verifier }),
    )
    const { refreshToken } = await issuer.codeFlow({ client })
    requests.push(tokenRequest(client, { grant_type: 'refresh_token', refresh_token: refreshToken, scope: 'read' }))
  }
  requests.push(tokenRequest(S, { grant_type: 'client_credentials', scope: 'read', resource: 'https://rs1.test' }))
  return requests
}
