/**
 * Seconds for which an answer may be kept (RFC 9111 section 5.2.2), within bounds; `otherwise` where the answer does not say.
 */
export function cacheLifetime(
  cacheControl: string,
  { least, most }: { readonly least: number; readonly most: number },
  otherwise: number,
): number {
  const directives = cacheControl.toLowerCase()
  if (/\bno-(?:store|cache)\b/.test(directives)) return least
  const age = Number(/(?:^|[\s,])max-age="?([0-9]{1,12})/.exec(directives)?.[1] ?? otherwise)
  return Math.min(Math.max(age, least), most)
}
