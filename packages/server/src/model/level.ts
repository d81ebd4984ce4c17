/** A level of signing in: its name, which is an `acr`, and the methods it needs (RFC 8176). */
export type Level = { readonly acr: string; readonly amr: readonly string[] }

/** What people here can sign in with: a password, a code from a device of theirs, and the two together. */
export const signInMethods: readonly string[] = ['pwd', 'otp', 'mfa']

export const passwordAcr = 'urn:sallyport:acr:pwd'
export const multiFactorAcr = 'urn:sallyport:acr:mfa'

/** The levels there are unless somebody names others, best first. */
export const defaultLevels: readonly Level[] = [
  { acr: multiFactorAcr, amr: ['pwd', 'otp'] },
  { acr: passwordAcr, amr: ['pwd'] },
]

/** A level as it is written in one line: its name, then the methods. */
export const writeLevel = ({ acr, amr }: Level): string => [acr, ...amr].join(' ')

export function readLevel(text: string): Level {
  const [acr = '', ...amr] = text.split(' ').filter((word) => word !== '')
  return { acr, amr }
}

const acrSyntax = /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/
const maxLevels = 20

const includes = (more: readonly string[], less: readonly string[]): boolean => less.every((one) => more.includes(one))

/** What is wrong with a list of levels; each has to need all that the ones after it need, since it counts as them too. */
export function levelsFault(levels: readonly Level[]): string | undefined {
  if (levels.length === 0 || levels.length > maxLevels) return `there must be 1 to ${maxLevels} levels`
  for (const [index, { acr, amr }] of levels.entries()) {
    if (!acrSyntax.test(acr)) return `${acr.slice(0, 50)} is no name of a level: printable ASCII without quotes`
    if (levels.findIndex((level) => level.acr === acr) !== index) return `${acr} stands there twice`
    if (amr.length === 0) return `${acr} needs no method at all`
    const unknown = amr.find((method) => !signInMethods.includes(method))
    if (unknown !== undefined) return `${acr} needs ${unknown.slice(0, 50)}; methods are ${signInMethods.join(', ')}`
    const next = levels[index + 1]
    if (next !== undefined && !includes(amr, next.amr))
      return `${acr} stands before ${next.acr} and has to need everything that needs: ${next.amr.join(', ')}`
  }
  return undefined
}

/** The best level that these methods come up to; `undefined` when none does, and then none is claimed (B-OIDC-18). */
export const levelOf = (levels: readonly Level[], amr: readonly string[]): string | undefined =>
  levels.find((level) => includes(amr, level.amr))?.acr

/** The levels that somebody with these methods can reach, best first. */
export const levelsWithin = (levels: readonly Level[], methods: readonly string[]): readonly string[] =>
  levels.filter((level) => includes(methods, level.amr)).map(({ acr }) => acr)
