import type { Seconds } from '@sallyport/protocol'
import type { SecurityEvent } from './authorization.ts'

/** What a client holds, and loses when it is contained. */
export type Held = {
  /** Authorizations that have not ended, each with its family of tokens. */
  readonly authorizations: number
  /** Codes among them that nobody redeemed yet. */
  readonly codes: number
  /** Consents that are remembered, so that nobody is asked again. */
  readonly consents: number
  /** Devices that wait for their person. */
  readonly devices: number
  /** Pushed requests that nobody answered yet. */
  readonly pushed: number
  /** Requests for which a person is at a page just now. */
  readonly pages: number
  /** Dated exceptions from PKCE that are in force. */
  readonly exceptions: number
}

/** The kill switch for a client that is misused (A-GOV-05). */
export type ContainmentStore = {
  /** What it holds now; `undefined` when there is no such client. Writes nothing. */
  held(clientId: string, now: Seconds): Promise<Held | undefined>
  /**
   * Disables a client, revokes every authorization of it, forgets its remembered consents, and ends the requests of its
   * devices, those it pushed and those for which a person is at a page, and its dated exceptions. The record gets its next version, so that no edit begun before undoes it; record, counts and events stay.
   * Law: one transaction, together or not at all. On every node, what was issued before it is dead from it on, and
   * nothing is issued after it, whatever runs at the same time; enabling the client again revives nothing of it. Tells
   * what ended, so that of calls at once one tells all of it; `undefined` when there is no such client, and then
   * nothing was written.
   */
  contain(clientId: string, now: Seconds, events: readonly SecurityEvent[]): Promise<Held | undefined>
}
