import type {
  Authorization,
  AuthorizationCode,
  Client,
  CodeIssueRecords,
  IssuedRecords,
  RefreshToken,
  SecurityEvent,
  Session,
  Store,
} from '@sallyport/server/model'
import { client, digest, later, session, start, unique } from './records.ts'

/** A client and a signed-in person in a store. */
export type Ground = { readonly client: Client; readonly session: Session }

/** Puts a client and a session there, because every code needs both. */
export async function ground(store: Store, more: Partial<Client> = {}): Promise<Ground> {
  const made = { client: client(more), session: session() }
  await store.admin.createClient(made.client, [])
  await store.startSession(made.session, undefined, [])
  return made
}

type IssueParts = {
  readonly authorization?: Partial<Authorization>
  readonly code?: Partial<AuthorizationCode>
} & Partial<Omit<CodeIssueRecords, 'authorization' | 'code'>>

/** Everything a successful authorization request writes. */
export function issue({ client: of, session: by }: Ground, parts: IssueParts = {}): CodeIssueRecords {
  const authorization: Authorization = {
    id: unique('authorization'),
    clientId: of.id,
    subject: by.subject,
    sessionId: by.id,
    scope: ['openid', 'offline_access', 'read'],
    resources: ['https://rs1.test'],
    claims: { userinfo: { email: { essential: true, value: undefined, values: undefined } }, idToken: {}, locales: [] },
    authentication: { time: start, acr: 'urn:test:one', amr: ['pwd'] },
    tellAuthTime: true,
    tellAcr: false,
    deviceNetwork: undefined,
    derived: undefined,
    offline: true,
    createdAt: start,
    expiresAt: later(40 * 86_400),
    ...parts.authorization,
  }
  const code: AuthorizationCode = {
    digest: digest(),
    authorizationId: authorization.id,
    clientId: of.id,
    redirectUri: 'https://app.test/cb',
    codeChallenge: digest(),
    exceptionId: undefined,
    senderKey: digest(),
    nonce: 'a nonce',
    issuedAt: start,
    expiresAt: later(60),
    network: '192.0.2.1',
    agent: undefined,
    ...parts.code,
  }
  return {
    authorization,
    code,
    interaction: parts.interaction,
    pushed: parts.pushed,
    consent: parts.consent,
    hearsOfLogout: parts.hearsOfLogout ?? false,
    events: parts.events ?? [],
  }
}

export const refreshToken = (authorization: Authorization, more: Partial<RefreshToken> = {}): RefreshToken => ({
  digest: digest(),
  authorizationId: authorization.id,
  clientId: authorization.clientId,
  sequence: 0,
  senderKey: digest(),
  issuedAt: start,
  idleExpiresAt: later(14 * 86_400),
  sealedAnswer: undefined,
  ...more,
})

export const records = (token: RefreshToken | undefined, events: readonly SecurityEvent[] = []): IssuedRecords => ({
  refreshToken: token,
  accessToken: undefined,
  events,
})

/** A code that was issued and redeemed, with the first refresh token of its family. */
export async function family(
  store: Store,
  on: Ground,
  parts: IssueParts = {},
): Promise<CodeIssueRecords & { readonly token: RefreshToken }> {
  const issued = issue(on, parts)
  const token = refreshToken(issued.authorization)
  if ((await store.issueCode(issued, start)) !== 'issued') throw new Error('the code was not issued')
  const redeemed = await store.redeem({ kind: 'authorization_code', digest: issued.code.digest }, records(token), start)
  if (!redeemed) throw new Error('the code was not redeemed')
  return { ...issued, token }
}
