import {
  basic,
  credentialsOf,
  encodeParameters,
  plainRequest,
  type HtmlForm,
  type Parameters,
  type TestClient,
  type TestIssuer,
} from '@sallyport/testing'
import type { HttpRequest } from '@sallyport/server'
import { challengeOf } from '@sallyport/protocol'
import { unsentExchanges } from './exchanging.ts'

/** Values that mean something to the issuer right now, by the name of the parameter or header that carries them. */
export type Material = Readonly<Record<string, readonly string[]>>

const tokenTypes = ['access_token', 'refresh_token', 'id_token', 'jwt', 'id-jag', 'saml2'].map(
  (kind) => `urn:ietf:params:oauth:token-type:${kind}`,
)

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
    authorization_details: ['[{"type":"x"}]', '[]', '[{"type":"__proto__"}]', '{', '[[[[[[[[[[]]]]]]]]]]'],
    response_mode: ['query', 'form_post', 'fragment'],
    grant_type: [
      'authorization_code',
      'authorization_code',
      'refresh_token',
      'refresh_token',
      'client_credentials',
      'urn:ietf:params:oauth:grant-type:device_code',
      'urn:ietf:params:oauth:grant-type:token-exchange',
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
      'password',
    ],
    subject_token_type: tokenTypes,
    actor_token_type: tokenTypes,
    requested_token_type: tokenTypes,
    audience: ['https://rs1.test', 'https://unknown.test'],
    token_type_hint: ['access_token', 'refresh_token', 'x'],
    username: ['alice', 'bob', 'mallory'],
    password: [issuer.alice.password, 'wrong'],
    decision: ['allow', 'deny', 'disown', 'keep', 'other', 'cancel', 'logout'],
    remember: ['yes'],
    post_logout_redirect_uri: ['https://web.test/bye', 'https://evil.test'],
    ui_locales: ['de en', 'xx'],
  }
}

type Gathered = { readonly material: Material; readonly forms: readonly HtmlForm[] }

/** Devices that wait, one of them with its code entered at a browser. */
async function devices(issuer: TestIssuer): Promise<Gathered> {
  const begun = [await issuer.beginDevice(), await issuer.beginDevice()]
  const [first] = begun
  const { browser, visit } = await issuer.enterCode(first?.userCode ?? '')
  const apps = await browser.open('/account/apps')
  return {
    material: {
      device_code: [...begun.map(({ deviceCode }) => deviceCode), 'x'],
      user_code: [...begun.map(({ userCode }) => userCode), 'BCDF-GHJK'],
    },
    forms: [...visit.forms, ...apps.forms],
  }
}

/** A pushed request and a client that registered itself. */
async function introductions(issuer: TestIssuer): Promise<Gathered['material']> {
  const { K } = issuer.clients
  const plain = plainRequest(K, challengeOf(issuer.random.handle()), issuer.random)
  const pushed = [await issuer.push(K, plain), await issuer.push(K, { ...plain, prompt: 'none' })]
  const document = { client_name: 'A tool', redirect_uris: ['https://tool.example/cb'], scope: 'openid read' }
  const made = await issuer.send({
    method: 'POST',
    path: '/oauth2/register',
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(document)),
    remoteAddress: `10.9.${issuer.records.exchanges.length % 250}.${issuer.clock.now() % 250}`,
  })
  const { client_id: id, registration_access_token: token } = made.json
  return {
    request_uri: [...pushed.map(({ json }) => String(json['request_uri'])), 'urn:ietf:params:oauth:request_uri:x'],
    document: [
      JSON.stringify(document),
      JSON.stringify({ ...document, client_id: id }),
      JSON.stringify({ ...document, token_endpoint_auth_method: 'none', grant_types: ['authorization_code'] }),
      JSON.stringify({ ...document, redirect_uris: ['javascript:alert(1)'], jwks: { keys: [{}] } }),
      JSON.stringify({ ...document, jwks_uri: 'https://tool.example/jwks', sector_identifier_uri: 1 }),
    ],
    name: [String(id), 'client_AAAAAAAAAAAAAAAAAAAAAA', 'oauth2', 'userinfo', 'x'],
    authorization: [`Bearer ${String(token)}`],
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
  const atDevices = await devices(issuer)
  const introduced = await introductions(issuer)
  const forms = [
    ...[...begun.map(({ visit }) => visit), ...consents].flatMap(({ forms: all }) => all),
    ...atDevices.forms,
  ]
  const verifiers = [...flows.map(({ authorized }) => authorized), ...unused].map(({ verifier }) => verifier)
  const tokens = [
    ...flows.flatMap(({ accessToken, refreshToken, idToken }) => [accessToken, refreshToken, idToken]),
    own.accessToken,
  ]
  const browsers = [...flows.map(({ authorized }) => authorized.browser), ...begun.map(({ browser }) => browser)]
  return {
    ...lasting(issuer),
    ...atDevices.material,
    ...introduced,
    code: [...flows.map(({ authorized }) => authorized.code), ...unused.map(({ code }) => code), 'x'],
    code_verifier: verifiers,
    code_challenge: [
      ...verifiers.map(challengeOf),
      ...Array.from({ length: 8 }, () => challengeOf(issuer.random.handle())),
    ],
    refresh_token: flows.map(({ refreshToken }) => refreshToken),
    token: tokens,
    access_token: tokens,
    subject_token: tokens,
    actor_token: tokens,
    assertion: tokens,
    id_token_hint: [own.idToken, ...flows.map(({ idToken }) => idToken)],
    interaction: forms.map(({ fields }) => fields['interaction'] ?? 'x'),
    csrf: forms.map(({ fields }) => fields['csrf'] ?? 'x'),
    cookie: browsers.map(({ jar }) => jar.header(true) ?? 'x=y'),
    authorization: [
      ...clients.map(({ id, secret }) => basic(id, secret ?? 'x')),
      ...tokens.map((token) => `Bearer ${token}`),
      ...(introduced['authorization'] ?? []),
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
  const { D, K, P, S, post } = issuer.clients
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
  const { deviceCode, userCode } = await issuer.beginDevice()
  await issuer.answerDevice({ userCode })
  const grantType = 'urn:ietf:params:oauth:grant-type:device_code'
  requests.push(tokenRequest(D, { grant_type: grantType, device_code: deviceCode }))
  requests.push(tokenRequest(S, { grant_type: 'client_credentials', scope: 'read', resource: 'https://rs1.test' }))
  for (const [client, parameters] of await unsentExchanges(issuer)) requests.push(tokenRequest(client, parameters))
  return requests
}
