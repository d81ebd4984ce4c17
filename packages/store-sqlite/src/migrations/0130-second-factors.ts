/** Second factors of people, and digests of their recovery codes. */
export const secondFactors: readonly string[] = [
  `CREATE TABLE second_factors (
    subject TEXT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    seed BLOB NOT NULL,
    last_step INTEGER NOT NULL,
    created_at REAL NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE recovery_codes (
    factor_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (factor_id, digest)
  ) STRICT, WITHOUT ROWID`,
]
