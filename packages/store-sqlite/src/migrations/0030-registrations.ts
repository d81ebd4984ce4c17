/** Clients that register themselves, and the tokens of administrators that allow it. */
export const registrations: readonly string[] = [
  `CREATE TABLE initial_access_tokens (
    id TEXT NOT NULL PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    uses INTEGER NOT NULL,
    used INTEGER NOT NULL,
    expires_at REAL NOT NULL,
    record TEXT NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX initial_access_tokens_expiry ON initial_access_tokens (expires_at)`,

  `CREATE TABLE client_registrations (
    client_id TEXT NOT NULL PRIMARY KEY,
    token_digest TEXT NOT NULL,
    previous_digest TEXT,
    previous_until REAL,
    due_at REAL NOT NULL,
    unused_lifetime REAL NOT NULL,
    record TEXT NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX client_registrations_due ON client_registrations (due_at)`,
]
