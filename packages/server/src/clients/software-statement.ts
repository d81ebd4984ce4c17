import { refuse, verifyJwt } from '@sallyport/protocol'
import type { Context } from '../context.ts'
import type { MetadataDocument } from './metadata-fields.ts'

const maxLength = 16_384

/** About the statement itself, not about the client. */
const envelope: ReadonlySet<string> = new Set('iss sub aud exp nbf iat jti software_statement'.split(' '))

function issuerOf(statement: string): unknown {
  try {
    const payload = statement.split('.')[1] ?? ''
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
    return typeof claims === 'object' && claims !== null && 'iss' in claims ? claims.iss : undefined
  } catch {
    return undefined
  }
}

/** An instant in seconds that lies ahead, or is not named at all. */
const ahead = (instant: unknown, now: number): boolean =>
  instant === undefined || (typeof instant === 'number' && instant > now)

/**
 * The metadata with what a trusted issuer says about the software on top of it (RFC 7591 sections 2.3 and 3.1.1). The
 * issuer named inside chooses the keys, before anything else in the statement is believed.
 */
export function withSoftwareStatement(
  ctx: Context,
  document: MetadataDocument,
): { readonly document: MetadataDocument; readonly statement: string | undefined } {
  const member = document['software_statement']
  if (member === undefined) return { document, statement: undefined }
  if (typeof member !== 'string' || member.length > maxLength)
    throw refuse('software_statement_invalid', { detail: 'is no text of a reasonable size' })
  const issuer = issuerOf(member)
  if (typeof issuer !== 'string') throw refuse('software_statement_invalid', { detail: 'names no issuer' })
  const keys = ctx.registration.statementIssuers.get(issuer)
  if (keys === undefined) throw refuse('software_statement_untrusted', { detail: issuer.slice(0, 100) })
  const verified = verifyJwt(member, ['jwt', 'software-statement+jwt'], keys)
  if (typeof verified === 'string') throw refuse('software_statement_invalid', { detail: verified })
  const { claims } = verified
  const now = ctx.now()
  if (!ahead(claims['exp'], now)) throw refuse('software_statement_invalid', { detail: 'expired' })
  const about = Object.entries(claims).filter(([name]) => !envelope.has(name))
  const merged: Record<string, unknown> = Object.assign(Object.create(null) as Record<string, unknown>, document)
  for (const [name, value] of about) merged[name] = value
  return { document: merged, statement: member }
}
