import type { PresentedCertificate } from '@sallyport/protocol'
import type { AccessToken } from './access-token.ts'
import { BearerError, type BearerReason } from './bearer-error.ts'
import {
  certificateFault,
  createCertificateSource,
  type CertificateOptions,
  type CertificateSource,
} from './client-certificate.ts'
import { createDpopVerifier, type DpopVerifier } from './dpop.ts'
import type { DpopOptions } from './dpop-options.ts'

/** Decides about access tokens of one issuer for one API. */
export type Verifier = {
  readonly issuer: string
  readonly audience: string
  /**
   * The content of a token that came as a bearer token, when it is valid for this API (RFC 9068 section 4). One that is bound
   * to a key is refused: whoever holds it is not asked for the key here. One that is bound to a client certificate needs the
   * certificate of the connection (RFC 8705 section 3), and is refused where none are looked at.
   * @throws BearerError with the reason otherwise; `keys_unavailable` when the issuer's keys cannot be had,
   * `introspection_unavailable` when it cannot be asked.
   */
  verify(token: string, certificate?: PresentedCertificate): Promise<AccessToken>
  /** Decides about tokens that are bound to a key; absent where none are taken. */
  readonly dpop?: DpopVerifier | undefined
  /** Finds the certificate of a request; absent where none are looked at. */
  readonly certificateOf?: CertificateSource | undefined
  /** Seconds since 1970, by the clock that tokens are judged by. */
  now(): number
  /** Passes a reason on to `onRejected`. */
  rejected(reason: BearerReason): void
}

type Facts = {
  readonly issuer: string
  readonly audience: string
  readonly dpop?: DpopOptions | undefined
  readonly certificates?: CertificateOptions | undefined
  readonly onRejected?: ((reason: BearerReason) => void) | undefined
}

/** A verifier around what reads a token, whether it is signed or looked up. */
export function verifierOf(
  { issuer, audience, dpop, certificates, onRejected }: Facts,
  now: () => number,
  read: (token: string) => Promise<AccessToken>,
): Verifier {
  return {
    issuer,
    audience,
    async verify(token, certificate) {
      const content = await read(token)
      const { jkt, certificateThumbprint: bound } = content
      if (jkt !== undefined || (bound !== undefined && certificates === undefined)) throw new BearerError('cnf')
      const fault = bound === undefined ? undefined : certificateFault(bound, certificate)
      if (fault !== undefined) throw new BearerError(fault)
      return content
    },
    certificateOf: certificates === undefined ? undefined : createCertificateSource(certificates),
    dpop: dpop === undefined ? undefined : createDpopVerifier(dpop, { audience, now, read }),
    now,
    rejected: (reason) => onRejected?.(reason),
  }
}
