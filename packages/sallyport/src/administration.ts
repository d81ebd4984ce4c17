import { floor } from '@sallyport/protocol'
import { IssuerError, orderedId, parseIssuer, type RegistrationContext, type SecurityEvent } from '@sallyport/server'
import { CommandFailure, exitCode } from './failure.ts'
import { now, type Workplace } from './workplace.ts'

/** The issuer, checked; a bad one is a configuration that cannot be used. */
export function checkedIssuer(issuer: string): ReturnType<typeof parseIssuer> {
  try {
    return parseIssuer(issuer)
  } catch (error) {
    if (error instanceof IssuerError) throw new CommandFailure(exitCode.unusable, `issuer: ${error.message}`)
    throw error
  }
}

/** How clients are registered at this issuer. */
export const registrationContext = ({ config, issuer, random }: Workplace): RegistrationContext => ({
  development: !parseIssuer(issuer).secure,
  now: now(),
  random,
  secretLifetime: config.policy.clientSecretLifetime ?? floor.clientSecretLifetime.default,
  keysOnly: config.policy.stages?.requirePrivateKeyJwt === 'enforce',
  profile: config.policy.profile,
})

type AdminEvent = Pick<SecurityEvent, 'event' | 'reason'> &
  Partial<Pick<SecurityEvent, 'clientId' | 'subject' | 'authorizationId' | 'detail'>>

/** The event of something an administrator did on the command line. */
export const adminEvent = (
  { random }: Pick<Workplace, 'random'>,
  { event, reason, clientId, subject, authorizationId, detail }: AdminEvent,
): SecurityEvent => ({
  id: orderedId(now(), random),
  event,
  severity: 'info',
  ts: now(),
  requestId: undefined,
  clientId,
  subject,
  authorizationId,
  network: undefined,
  reason,
  class: undefined,
  count: 1,
  detail: { ...detail, surface: 'command_line' },
})
