/** Access tokens that are handles. */
export const accessTokens: readonly string[] = [
  `CREATE TABLE opaque_access_tokens (
    n INTEGER PRIMARY KEY,
    digest_key INTEGER NOT NULL,
    digest TEXT NOT NULL,
    authorization_id TEXT,
    client_id TEXT NOT NULL,
    expires_at REAL NOT NULL,
    record TEXT NOT NULL
  ) STRICT`,
  `CREATE INDEX opaque_access_tokens_digest ON opaque_access_tokens (digest_key)`,
  `CREATE INDEX opaque_access_tokens_expiry ON opaque_access_tokens (expires_at)`,
]
