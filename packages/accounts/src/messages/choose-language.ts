/** More than this of a header or list is not looked at. */
const maxLength = 512
const maxWishes = 16

/** The supported language for one wish: exact first, then with its last parts dropped one by one (RFC 4647, 3.4). */
function lookUp(wish: string, supported: readonly string[]): string | undefined {
  let range = wish.toLowerCase()
  while (range !== '') {
    const found = supported.find((tag) => tag.toLowerCase() === range)
    if (found !== undefined) return found
    range = range.slice(0, Math.max(0, range.lastIndexOf('-')))
  }
  return undefined
}

/** The languages of an `Accept-Language` header, the dearest first; what cannot be read is left out. */
function acceptedLanguages(header: string): readonly string[] {
  return header
    .slice(0, maxLength)
    .split(',', maxWishes)
    .map((part) => {
      const [tag = '', weight = ''] = part.split(';')
      const quality = /^\s*q=([01](?:\.[0-9]{0,3})?)\s*$/i.exec(weight)?.[1]
      return { tag: tag.trim(), quality: quality === undefined ? 1 : Number(quality) }
    })
    .filter(({ tag, quality }) => /^[a-z0-9-]{1,35}$/i.test(tag) && quality > 0)
    .sort((a, b) => b.quality - a.quality)
    .map(({ tag }) => tag)
}

/**
 * The language of a page: the first supported one of `ui_locales`, else of `Accept-Language`, else `fallback`. No value
 * is an error (B-OIDC-28).
 */
export function chooseLanguage(
  supported: readonly string[],
  uiLocales: readonly string[],
  acceptLanguage: string | undefined,
  fallback: string,
): string {
  const wishes = [...uiLocales.slice(0, maxWishes), ...acceptedLanguages(acceptLanguage ?? '')]
  for (const wish of wishes) {
    const found = lookUp(wish.slice(0, 35), supported)
    if (found !== undefined) return found
  }
  return fallback
}
