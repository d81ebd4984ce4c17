/** Dated exceptions from PKCE, and under which of them a code was issued. */
export const exceptions: readonly string[] = [
  `CREATE TABLE pkce_exceptions (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL,
    deadline REAL NOT NULL,
    renewed_at REAL,
    revoked_at REAL,
    uses INTEGER NOT NULL,
    last_used_at REAL,
    accepted_by TEXT NOT NULL,
    record TEXT NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX pkce_exceptions_client ON pkce_exceptions (client_id)`,
  `CREATE INDEX pkce_exceptions_deadline ON pkce_exceptions (deadline)`,
  `ALTER TABLE authorizations ADD COLUMN exception_id TEXT`,
]
