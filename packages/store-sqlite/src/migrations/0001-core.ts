/**
 * The tables of the authorization server. `docs/reference/storage-schema.md` explains them; a test holds the two together.
 *
 * Two rules shape the keys. A commit costs most by the number of pages it dirties, so rows are stored in the order in
 * which they are made (`n`) and found through small indexes: a random handle is indexed by 48 bits of its digest, and the
 * row holds the whole digest for the comparison. And an index exists only where a verb or a sweep needs it.
 */
export const core: readonly string[] = [
  `CREATE TABLE clients (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    browser_based INTEGER NOT NULL,
    disabled_at REAL,
    record TEXT NOT NULL
  ) STRICT`,

  `CREATE TABLE client_origins (
    origin TEXT NOT NULL,
    client_id TEXT NOT NULL,
    PRIMARY KEY (origin, client_id)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX client_origins_client ON client_origins (client_id)`,

  `CREATE TABLE resources (
    id TEXT NOT NULL PRIMARY KEY,
    record TEXT NOT NULL
  ) STRICT`,

  `CREATE TABLE interactions (
    digest TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    login_session_id TEXT,
    expires_at REAL NOT NULL,
    record TEXT NOT NULL
  ) STRICT`,
  `CREATE INDEX interactions_login_session ON interactions (login_session_id) WHERE login_session_id IS NOT NULL`,
  `CREATE INDEX interactions_expiry ON interactions (expires_at)`,

  `CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    subject TEXT NOT NULL,
    seen_at REAL NOT NULL,
    expires_at REAL NOT NULL,
    record TEXT NOT NULL
  ) STRICT`,
  `CREATE INDEX sessions_subject ON sessions (subject)`,
  `CREATE INDEX sessions_expiry ON sessions (expires_at)`,

  `CREATE TABLE consents (
    subject TEXT NOT NULL,
    client_id TEXT NOT NULL,
    expires_at REAL NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (subject, client_id)
  ) STRICT`,
  `CREATE INDEX consents_client ON consents (client_id)`,
  `CREATE INDEX consents_expiry ON consents (expires_at)`,

  `CREATE TABLE authorizations (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    client_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    session_id TEXT NOT NULL,
    offline INTEGER NOT NULL,
    expires_at REAL NOT NULL,
    kept_until REAL NOT NULL,
    redeemed_at REAL,
    destroyed_at REAL,
    revoked_at REAL,
    revoked_reason TEXT,
    code_key INTEGER NOT NULL,
    challenge_key INTEGER,
    code_digest TEXT NOT NULL,
    code_challenge TEXT,
    details TEXT NOT NULL
  ) STRICT`,
  `CREATE INDEX authorizations_code ON authorizations (code_key)`,
  `CREATE INDEX authorizations_challenge ON authorizations (challenge_key) WHERE challenge_key IS NOT NULL`,
  `CREATE INDEX authorizations_subject ON authorizations (subject)`,
  `CREATE INDEX authorizations_kept ON authorizations (kept_until)`,

  `CREATE TABLE refresh_tokens (
    n INTEGER PRIMARY KEY,
    digest_key INTEGER NOT NULL,
    digest TEXT NOT NULL,
    authorization_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    issued_at REAL NOT NULL,
    idle_expires_at REAL NOT NULL,
    purge_day INTEGER NOT NULL,
    rotated_at REAL,
    successor_digest TEXT
  ) STRICT`,
  `CREATE INDEX refresh_tokens_digest ON refresh_tokens (digest_key)`,
  `CREATE INDEX refresh_tokens_purge ON refresh_tokens (purge_day)`,

  `CREATE TABLE sealed_answers (
    n INTEGER PRIMARY KEY,
    issued_at REAL NOT NULL,
    answer BLOB NOT NULL
  ) STRICT`,

  `CREATE TABLE denied_tokens (
    jti TEXT NOT NULL PRIMARY KEY,
    expires_at REAL NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX denied_tokens_expiry ON denied_tokens (expires_at)`,

  `CREATE TABLE once_marks (
    mark TEXT NOT NULL PRIMARY KEY,
    expires_at REAL NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX once_marks_expiry ON once_marks (expires_at)`,

  `CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL,
    ends_at REAL NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX counters_end ON counters (ends_at)`,

  `CREATE TABLE disabled_subjects (
    subject TEXT NOT NULL PRIMARY KEY,
    disabled_at REAL NOT NULL
  ) STRICT, WITHOUT ROWID`,

  `CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    username TEXT NOT NULL,
    username_key TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    claims TEXT NOT NULL,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL
  ) STRICT`,

  `CREATE TABLE signing_keys (
    kid TEXT NOT NULL PRIMARY KEY,
    alg TEXT NOT NULL,
    public_jwk TEXT NOT NULL,
    sealed_private_key BLOB NOT NULL,
    created_at REAL NOT NULL,
    active_from REAL NOT NULL,
    remove_at REAL
  ) STRICT`,

  `CREATE TABLE signing_key_slots (
    slot TEXT NOT NULL PRIMARY KEY,
    kid TEXT NOT NULL
  ) STRICT, WITHOUT ROWID`,

  `CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID`,

  `CREATE TABLE events (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    ts REAL NOT NULL,
    event TEXT NOT NULL,
    request_id TEXT,
    client_id TEXT,
    record TEXT NOT NULL,
    previous TEXT,
    link TEXT
  ) STRICT`,
  `CREATE INDEX events_request ON events (request_id) WHERE request_id IS NOT NULL`,
]
