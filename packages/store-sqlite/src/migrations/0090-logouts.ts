/** Which client hears of the end of which session, and who has not heard of one yet. */
export const logouts: readonly string[] = [
  `CREATE TABLE session_clients (
    session_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    expires_at REAL NOT NULL,
    PRIMARY KEY (session_id, client_id)
  ) STRICT`,
  `CREATE INDEX session_clients_expiry ON session_clients (expires_at)`,

  `CREATE TABLE logout_notices (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    session_id TEXT NOT NULL,
    created_at REAL NOT NULL,
    due_at REAL NOT NULL,
    begun_at REAL,
    attempts INTEGER NOT NULL
  ) STRICT`,
  `CREATE INDEX logout_notices_due ON logout_notices (due_at)`,
]
