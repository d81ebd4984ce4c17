/** How clients use the server: aggregates by week, and what was last seen of each client. */
export const governance: readonly string[] = [
  `CREATE TABLE client_usage (
    client_id TEXT NOT NULL,
    week TEXT NOT NULL,
    counts TEXT NOT NULL,
    PRIMARY KEY (client_id, week)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX client_usage_week ON client_usage (week)`,

  `CREATE TABLE client_last_use (
    client_id TEXT NOT NULL PRIMARY KEY,
    used_at REAL,
    record TEXT NOT NULL
  ) STRICT, WITHOUT ROWID`,
]
