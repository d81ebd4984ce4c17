import type { Seconds } from '@sallyport/protocol'
import {
  endFor,
  type Authorization,
  type AuthorizationCode,
  type AuthorizationEnd,
  type RevocationReason,
} from '@sallyport/server/model'
import { orUndefined } from './connection.ts'

/** What no statement looks at, kept as one text. */
export type Details = Omit<Authorization, 'id' | 'clientId' | 'subject' | 'sessionId' | 'offline' | 'expiresAt'> & {
  /** An authorization for a device has none. */
  readonly code:
    Omit<AuthorizationCode, 'digest' | 'authorizationId' | 'clientId' | 'codeChallenge' | 'exceptionId'> | undefined
}

/** Columns of an authorization in the order in which every query reads them. */
export const authorizationColumns =
  'a.id, a.client_id, a.subject, a.session_id, a.offline, a.expires_at, a.details, a.revoked_reason'

export type AuthorizationColumns = [
  id: string,
  clientId: string,
  subject: string,
  sessionId: string,
  offline: number,
  expiresAt: number,
  details: string,
  revokedReason: string | null,
]

export function packDetails(authorization: Authorization, code: AuthorizationCode | undefined): string {
  const details: Details = {
    scope: authorization.scope,
    resources: authorization.resources,
    claims: authorization.claims,
    authorizationDetails: authorization.authorizationDetails,
    authentication: authorization.authentication,
    tellAuthTime: authorization.tellAuthTime,
    tellAcr: authorization.tellAcr,
    deviceNetwork: authorization.deviceNetwork,
    derived: authorization.derived,
    createdAt: authorization.createdAt,
    code: code && {
      redirectUri: code.redirectUri,
      senderKey: code.senderKey,
      nonce: code.nonce,
      issuedAt: code.issuedAt,
      expiresAt: code.expiresAt,
      network: code.network,
      agent: code.agent,
    },
  }
  return JSON.stringify(details)
}

export const unpackDetails = (text: string): Details => JSON.parse(text) as Details

export function readAuthorization(
  row: readonly [...AuthorizationColumns, ...unknown[]],
  details: Details,
): Authorization {
  return {
    id: row[0],
    clientId: row[1],
    subject: row[2],
    sessionId: row[3],
    scope: details.scope,
    resources: details.resources,
    claims: details.claims,
    authorizationDetails: details.authorizationDetails,
    authentication: {
      time: details.authentication.time,
      acr: details.authentication.acr,
      amr: details.authentication.amr,
    },
    tellAuthTime: details.tellAuthTime,
    tellAcr: details.tellAcr,
    offline: row[4] === 1,
    deviceNetwork: details.deviceNetwork,
    derived: details.derived,
    createdAt: details.createdAt,
    expiresAt: row[5] as Seconds,
  }
}

export function readCode(
  row: readonly [...AuthorizationColumns, ...unknown[]],
  code: NonNullable<Details['code']>,
  digest: string,
  [codeChallenge, exceptionId]: readonly [challenge: string | null, exceptionId: string | null],
): AuthorizationCode {
  return {
    digest,
    authorizationId: row[0],
    clientId: row[1],
    redirectUri: code.redirectUri,
    codeChallenge: orUndefined(codeChallenge),
    exceptionId: orUndefined(exceptionId),
    senderKey: code.senderKey,
    nonce: code.nonce,
    issuedAt: code.issuedAt,
    expiresAt: code.expiresAt,
    network: code.network,
    agent: code.agent,
  }
}

/** Why an authorization no longer stands, from its mark and the state of its person. */
export function endOf(revokedReason: string | null, subjectDisabled: number): AuthorizationEnd | undefined {
  if (revokedReason !== null) return endFor(revokedReason as RevocationReason)
  return subjectDisabled === 1 ? 'subject_inactive' : undefined
}

/**
 * True while the authorization aliased `a`, its client and its person are in force. Scalar sub-queries, because SQLite
 * turns EXISTS into joins here and then prepares the statement anew for each parameter.
 */
export const inForce = `a.revoked_at IS NULL
  AND (SELECT disabled_at IS NULL FROM clients WHERE id = a.client_id)
  AND (SELECT 1 FROM disabled_subjects WHERE subject = a.subject) IS NULL`

/**
 * 1 while everything that the authorization aliased `a` hangs on is in force; most hang on nothing, and that costs a look at
 * one column. A parent that is gone is not in force.
 */
export const parentsInForce = `(a.parents IS NULL OR (SELECT ifnull(min((SELECT ${inForce.replaceAll('a.', 'p.')}
    FROM authorizations p WHERE p.id = e.value) IS 1), 1) FROM json_each(a.parents) e) = 1)`

/** 1 when the person of the authorization aliased `a` is disabled. */
export const subjectDisabled = '(SELECT 1 FROM disabled_subjects WHERE subject = a.subject) IS NOT NULL'
