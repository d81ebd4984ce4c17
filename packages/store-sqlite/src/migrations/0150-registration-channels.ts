/** By which door each client that registered itself came in: each has a bound of its own. */
export const registrationChannels: readonly string[] = [
  `ALTER TABLE client_registrations ADD COLUMN channel TEXT NOT NULL DEFAULT 'dynamic'`,
  `UPDATE client_registrations SET channel = 'metadata_document' WHERE token_digest = 'metadata_document'`,
  `CREATE INDEX client_registrations_channel ON client_registrations (channel)`,
]
