/** The key that a refresh token of a public client is bound to (RFC 9449 section 5); none for those that were issued without a proof. */
export const bindings: readonly string[] = ['ALTER TABLE refresh_tokens ADD COLUMN sender_key TEXT']
