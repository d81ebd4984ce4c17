/** Requests that name the person who is to decide: found by that person, and only while they wait. */
export const backchannel: readonly string[] = [
  `ALTER TABLE device_requests ADD COLUMN subject TEXT`,
  `CREATE INDEX device_requests_waiting ON device_requests (subject, expires_at)
   WHERE subject IS NOT NULL AND state IN ('pending', 'claimed')`,
]
