/** Requests of devices without a browser. An authorization for a device has no code: its `code_digest` is empty. */
export const devices: readonly string[] = [
  `CREATE TABLE device_requests (
    digest TEXT NOT NULL PRIMARY KEY,
    user_code_key TEXT UNIQUE,
    client_id TEXT NOT NULL,
    state TEXT NOT NULL,
    session_id TEXT,
    authorization_id TEXT,
    poll_interval REAL NOT NULL,
    polled_at REAL,
    expires_at REAL NOT NULL,
    kept_until REAL NOT NULL,
    record TEXT NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX device_requests_kept ON device_requests (kept_until)`,
]
