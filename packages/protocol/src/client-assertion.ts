/** The one type of client assertion there is (RFC 7523 section 2.2). */
export const clientAssertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Longer assertions are not looked at (B-CA-11). */
export const maxAssertionLength = 8192

/** Seconds between now and the end of an assertion, at most: it may be remembered that long (B-CA-04). */
export const maxAssertionLifetime = 300

/** Seconds that the clock of somebody else may be ahead of ours. */
export const clockSkew = 30
