import type { Seconds } from '@sallyport/protocol'

/** Kinds of picture that are shown; none of them can hold a script. */
export type LogoType = 'image/png' | 'image/jpeg' | 'image/webp'

/** The picture of a client as this server serves it (A-DCR-11). */
export type ClientLogo = {
  readonly clientId: string
  /** Where it was fetched from. */
  readonly uri: string
  readonly mediaType: LogoType
  readonly bytes: Uint8Array
  /** When it is fetched anew. */
  readonly expiresAt: Seconds
}

/** Most pictures that are kept, each of at most `maxLogoBytes`. */
export const maxLogos = 1000
export const maxLogoBytes = 102_400

export type LogoStore = {
  /** The picture of a client that has not expired. */
  find(clientId: string, now: Seconds): Promise<ClientLogo | undefined>
  /**
   * Keeps a picture in the place of the client's earlier one. Law: there are never more than `maxLogos`; those that expire
   * first make room.
   */
  save(logo: ClientLogo): Promise<void>
}
