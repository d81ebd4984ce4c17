/** What a JWT says. Nothing is verified. */
export type DecodedJwt = {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
}

const part = (text: string | undefined): Record<string, unknown> =>
  JSON.parse(Buffer.from(text ?? '', 'base64url').toString('utf8')) as Record<string, unknown>

/** Reads header and claims of a compact JWT without verifying anything. Throws when it is none. */
export function decodeJwt(token: string): DecodedJwt {
  const [header, claims] = token.split('.')
  return { header: part(header), claims: part(claims) }
}
