/** A JWT taken apart for reading; nothing is verified here. */
export type DecodedJwt = {
  readonly raw: string
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
}

const objectOf = (part: string | undefined): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** Splits a token at its dots and decodes the first two parts. */
export function decodeJwt(raw: string): DecodedJwt {
  const [header, claims] = raw.split('.')
  return { raw, header: objectOf(header), claims: objectOf(claims) }
}
