import { codeMemory, floor } from '@sallyport/protocol'

const day = 24 * 60 * 60

/**
 * How long rows outlive their use, in seconds. Every driver sweeps by these numbers, so that what a client can see never
 * depends on which driver runs or on when it swept (CO-05).
 */
export const retention = {
  /** The row of a code is the memory of its challenge (A-PKCE-10); a code that was never redeemed goes after this time. */
  code: codeMemory,
  /** An expired device code still says that it expired, and a decided one what was decided. */
  deviceRequest: codeMemory,
  /** A pushed request that was opened just before it expired may still be answered. */
  pushedRequest: 60,
  /** A sealed answer is of no use once the longest retry grace is over (RT-08). */
  sealedAnswer: floor.refreshRetryGrace.max,
  /** An expired session stays as long as a code that was issued under it. */
  session: codeMemory,
  /** Longer than anybody tries to deliver it. */
  logoutNotice: 2 * day,
  /** A withdrawn signing key: the longest session, whose ID Tokens may come back as hints when it ends (B-OIDC-31). */
  signingKey: floor.sessionAbsolute.max,
  event: 90 * day,
  /** The register of exceptions is evidence for audits. */
  exception: 2 * 365 * day,
  /** Weeks of use: a year, and the week that the year ago lies in. */
  usage: 54 * 7 * day,
} as const

/** Most rows of one page of a list. */
export const maxPage = 200
