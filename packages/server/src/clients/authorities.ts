import { pemBlocks, type ClientCertificate } from '@sallyport/protocol'
import type { CertificateCheck, VouchedCertificate } from '../model/certificate.ts'
import type { AuthorityFiles } from '../mutual-tls.ts'
import { validCertificate, type TrustedAuthorities } from './certificate-chain.ts'
import { parseCertificate, parseRevocationLists } from './certificate-parts.ts'

/** Seconds for which a verdict is given again to the same connection: long enough for a flow, short beside a revocation. */
const memory = { valid: 300, refused: 10 }

type Verdict = {
  readonly found: VouchedCertificate | string
  readonly until: number
  readonly lists: string | undefined
}

/**
 * The check against authorities that were configured. A certificate of one connection is looked into once and not for every
 * request, as long as nothing of it ends and no new list of revoked certificates is there.
 */
export function createAuthorityCheck({ anchors: pem, revocationLists }: AuthorityFiles): CertificateCheck {
  const verdicts = new WeakMap<ClientCertificate, Verdict>()
  let anchors: Promise<TrustedAuthorities['anchors']> | undefined
  let lists: { readonly text: string; readonly read: Promise<TrustedAuthorities['revocationLists']> } | undefined
  const trusted = async (text: string | undefined): Promise<TrustedAuthorities> => {
    anchors ??= readAnchors(pem)
    if (text !== undefined && lists?.text !== text)
      lists = { text, read: parseRevocationLists(pemBlocks(text, 'X509 CRL')).catch(() => []) }
    return { anchors: await anchors, revocationLists: text === undefined ? undefined : await lists?.read }
  }
  return async (certificate, now) => {
    const text = revocationLists?.()
    const before = verdicts.get(certificate)
    if (before !== undefined && now < before.until && before.lists === text) return before.found
    const found = await validCertificate(await trusted(text), certificate, now)
    const until = typeof found === 'string' ? now + memory.refused : Math.min(found.until, now + memory.valid)
    verdicts.set(certificate, { found, until, lists: text })
    return found
  }
}

async function readAnchors(pem: string): Promise<TrustedAuthorities['anchors']> {
  const read = await Promise.all(pemBlocks(pem, 'CERTIFICATE').map(parseCertificate))
  return read.filter((one) => one !== undefined)
}
