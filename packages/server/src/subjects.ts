import { createHmac } from 'node:crypto'
import type { Context } from './context.ts'
import { sectorOf, type Client } from './model/client.ts'

/**
 * A pairwise identifier (OpenID Connect Core section 8.1, A-PPID-02, B-SUB-02): keyed, so that nobody without the key can
 * compute or reverse it. The length in front keeps sector and person apart, whatever they contain.
 */
export function pairwiseSubject(key: Uint8Array, sector: string, subject: string): string {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(Buffer.byteLength(sector))
  return createHmac('sha256', key).update(length).update(sector).update('\0').update(subject).digest('base64url')
}

/**
 * What a session is called in the tokens of one client (`sid`): the same for as long as the session lives, however often
 * the person signs in again, and of no use to two clients that compare what they have (B-IDT-13).
 */
export const sessionFor = (ctx: Context, client: Client, sessionId: string): string =>
  createHmac('sha256', ctx.secrets.sessions).update(`${client.id} ${sessionId}`).digest('base64url')

/** Who a person is to a client: the one value that stands in everything it gets (A-PPID-05, B-SUB-06). */
export const subjectFor = (ctx: Context, client: Client, subject: string): string =>
  client.subjectType === 'public' ? subject : pairwiseSubject(ctx.secrets.pairwise, sectorOf(client), subject)
