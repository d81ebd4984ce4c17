/** How a value is judged: what is more of it, and the words for having more and less. */
export type Aspect =
  | { readonly kind: 'lifetime'; readonly words: string }
  | { readonly kind: 'set'; readonly more: string; readonly less: string }
  /** `weakWhen` is the value that protects less. */
  | { readonly kind: 'flag'; readonly weakWhen: boolean; readonly yes: string; readonly no: string }
  | { readonly kind: 'ranked'; readonly ranks: readonly string[]; readonly words: string }

/** What each value of a client means; phrases are about several clients and begin with their verb. */
export const clientAspects: Readonly<Record<string, Aspect>> = {
  authentication: {
    kind: 'ranked',
    ranks: ['none', 'client_secret_post', 'client_secret_basic', 'private_key_jwt'],
    words: 'authenticate',
  },
  assertionAudience: { kind: 'ranked', ranks: ['interop', 'issuer'], words: 'name the audience of assertions' },
  grants: { kind: 'set', more: 'may use more grants', less: 'lose grants' },
  redirectUris: { kind: 'set', more: 'may be returned to at more redirect URIs', less: 'lose redirect URIs' },
  postLogoutRedirectUris: {
    kind: 'set',
    more: 'may be returned to after sign-out at more URIs',
    less: 'lose such URIs',
  },
  allowedOrigins: { kind: 'set', more: 'may call from more origins', less: 'lose origins' },
  scope: { kind: 'set', more: 'may ask for more scopes', less: 'lose scopes' },
  resources: { kind: 'set', more: 'may ask for tokens for more resources', less: 'lose resources' },
  introspects: { kind: 'set', more: 'may introspect tokens of more resources', less: 'may introspect less' },
  exceptedFromPkce: {
    kind: 'flag',
    weakWhen: true,
    yes: 'are excepted from PKCE',
    no: 'need PKCE again',
  },
  subjects: { kind: 'ranked', ranks: ['public', 'pairwise'], words: 'know people' },
  requireState: { kind: 'flag', weakWhen: false, yes: 'need state now', no: 'need no state any more' },
  requireRedirectUriAtToken: {
    kind: 'flag',
    weakWhen: false,
    yes: 'repeat the redirect URI at the token endpoint now',
    no: 'are let off repeating the redirect URI at the token endpoint',
  },
  asksConsent: { kind: 'flag', weakWhen: false, yes: 'ask for consent now', no: 'ask for no consent any more' },
  sessionRefreshTokens: {
    kind: 'flag',
    weakWhen: true,
    yes: 'get refresh tokens without offline_access',
    no: 'get refresh tokens only with offline_access',
  },
  accessTokenLifetime: { kind: 'lifetime', words: 'access tokens' },
  refreshTokenIdle: { kind: 'lifetime', words: 'unused refresh tokens' },
  refreshTokenAbsolute: { kind: 'lifetime', words: 'refresh token families' },
  disabled: { kind: 'flag', weakWhen: false, yes: 'are disabled', no: 'are enabled again' },
}

/** What each value of a resource means. */
export const resourceAspects: Readonly<Record<string, Aspect>> = {
  scopes: { kind: 'set', more: 'have more scopes', less: 'lose scopes' },
  byDevice: { kind: 'set', more: 'give more scopes to devices', less: 'give fewer scopes to devices' },
  // A handle ends on every call once it is revoked; a JWT is believed until it expires.
  format: { kind: 'ranked', ranks: ['jwt', 'opaque'], words: 'are reached' },
  binding: { kind: 'ranked', ranks: ['bearer', 'mtls', 'dpop'], words: 'are reached' },
  accessTokenLifetime: { kind: 'lifetime', words: 'access tokens' },
}
