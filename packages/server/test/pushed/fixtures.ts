import { pkcePair, plainRequest, type Parameters, type TestClient, type TestIssuer } from '@sallyport/testing'
import { expect } from 'vitest'

/** The plain request of a client, ready to be pushed. */
export const requestOf = (issuer: TestIssuer, client: TestClient, changes: Parameters = {}): Parameters => ({
  ...plainRequest(client, pkcePair(issuer.random).challenge, issuer.random),
  ...changes,
})

/** Pushes a request, which has to succeed, and gives its reference. */
export async function pushed(issuer: TestIssuer, client: TestClient, changes: Parameters = {}): Promise<string> {
  const answer = await issuer.push(client, requestOf(issuer, client, changes))
  expect({ status: answer.status, error: answer.json['error'] }).toEqual({ status: 201, error: undefined })
  return String(answer.json['request_uri'])
}

/** Where a browser asks for what was pushed. */
export const addressOf = (client: TestClient, reference: string, more = ''): string =>
  `/oauth2/authorize?client_id=${client.id}&request_uri=${encodeURIComponent(reference)}${more}`
