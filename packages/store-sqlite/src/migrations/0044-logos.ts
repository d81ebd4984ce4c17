/** Pictures of clients, as this server serves them. */
export const logos: readonly string[] = [
  `CREATE TABLE client_logos (
    client_id TEXT NOT NULL PRIMARY KEY,
    uri TEXT NOT NULL,
    media_type TEXT NOT NULL,
    picture BLOB NOT NULL,
    expires_at REAL NOT NULL
  ) STRICT`,
  `CREATE INDEX client_logos_expiry ON client_logos (expires_at)`,
]
