/** Which clients and resources belong to configuration files. */
export const ownership: readonly string[] = [
  `CREATE TABLE declared_objects (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (kind, id)
  ) STRICT, WITHOUT ROWID`,
]
