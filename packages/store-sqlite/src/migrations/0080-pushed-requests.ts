/** Pushed authorization requests. */
export const pushedRequests: readonly string[] = [
  `CREATE TABLE pushed_requests (
    digest TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL,
    browser_digest TEXT,
    expires_at REAL NOT NULL,
    kept_until REAL NOT NULL,
    form TEXT NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX pushed_requests_kept ON pushed_requests (kept_until)`,
]
