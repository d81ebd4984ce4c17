import { authorizationParameters, type AuthorizationAttempt } from '../authorization-request.ts'
import { askAs, type Answered, type World } from '../client-requests.ts'
import type { DemoClient } from '../demo.ts'
import { exchange, textMember } from '../exchange.ts'

/** Sends a request straight to the server, as the client that asks (RFC 9126 section 2.1). */
export const push = (world: World, attempt: AuthorizationAttempt, more: Record<string, string> = {}) =>
  askAs(world, attempt.client, '/oauth2/par', { ...authorizationParameters(attempt), ...more })

/** The reference to what was pushed; empty where there is none. */
export const referenceIn = ({ answer }: Answered): string => textMember(answer, 'request_uri') ?? ''

/** Where a browser goes with a reference (RFC 9126 section 4), with whatever somebody adds. */
export function referenceUrl(
  { demo }: World,
  client: DemoClient,
  reference: string,
  more: Readonly<Record<string, string>> = {},
): string {
  const query = new URLSearchParams({ client_id: client.id, request_uri: reference, ...more })
  return `${demo.addresses.issuer}/oauth2/authorize?${query.toString()}`
}

/** Comes to that address without anybody's browser. */
export const visit = (url: string): Promise<Answered> => exchange({ url, headers: { Accept: 'text/html' } })
