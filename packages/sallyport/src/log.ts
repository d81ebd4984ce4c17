import { createHash } from 'node:crypto'
import { reasons, type Reason } from '@sallyport/protocol'
import type { SecurityEvent } from '@sallyport/server'
import type { DestinationStream, Logger } from 'pino'
import type { LogLevel } from './config/settings.ts'

/** Structured lines on stdout. Nothing gets here but the named fields, so no secret can. */
export type Log = {
  /** One line for one security event. */
  event(event: SecurityEvent): void
  line(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void
  /** A fault of ours, with its stack at level debug only. */
  fault(message: string, cause: unknown, requestId?: string): void
  flush(): void
}

/** The log of a process that does not know yet which issuer it serves. */
export type ProcessLog = Log & {
  /** The same log with the issuer in each line. */
  of(issuer: string): Log
}

const levels: Readonly<Record<SecurityEvent['severity'], LogLevel>> = {
  info: 'info',
  low: 'info',
  medium: 'warn',
  high: 'error',
}

/** The key of the refusal in the table of reasons, under which its help page is found. */
export function reasonIdOf({ reason, detail }: SecurityEvent): Reason | undefined {
  for (const candidate of [detail['reason_id'], reason])
    if (typeof candidate === 'string' && Object.hasOwn(reasons, candidate)) return candidate as Reason
  return undefined
}

/** The wire's error code of a refusal. */
export const errorOf = (reason: Reason | undefined): string | undefined =>
  reason === undefined ? undefined : reasons[reason].error

/** A pseudonym of a person that is the same in every line. */
const subjectHash = (subject: string): string => createHash('sha256').update(subject).digest('hex').slice(0, 16)

/** The members of an event as logs have them; those without a value are left out. */
export function eventFields(event: SecurityEvent): Record<string, unknown> {
  const fields: Record<string, unknown> = { event: event.event, severity: event.severity }
  const add = (name: string, value: unknown): void => {
    if (value !== undefined) fields[name] = value
  }
  add('request_id', event.requestId)
  add('client_id', event.clientId)
  add('sub_hash', event.subject === undefined ? undefined : subjectHash(event.subject))
  add('grant_id', event.authorizationId)
  const { grant_type: grantType, ...detail } = event.detail
  const reasonId = reasonIdOf(event)
  add('grant_type', grantType)
  add('error', errorOf(reasonId))
  add('reason', event.reason)
  add('reason_id', reasonId)
  add('class', event.class)
  add('ip_prefix', event.network)
  if (event.count > 1) fields['count'] = event.count
  if (Object.keys(detail).length > 0) fields['detail'] = detail
  return fields
}

/** What is told of a thrown value: its kind and its first line, never its properties. */
export function faultFields(cause: unknown, withStack: boolean): Record<string, unknown> {
  if (!(cause instanceof Error)) return { error: typeof cause }
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
  const fields: Record<string, unknown> = { error: code ?? cause.name, detail: cause.message.slice(0, 300) }
  if (withStack && cause.stack !== undefined) fields['stack'] = cause.stack
  return fields
}

/** Writes JSON lines to stdout, without ever making a request wait for the reader. */
export async function createLog(level: LogLevel, node: string): Promise<ProcessLog> {
  const { pino } = await import('pino')
  const destination = pino.destination({ dest: 1, sync: false })
  const logger: Logger = pino(
    {
      level,
      base: { node },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination as DestinationStream,
  )
  const flush = (): void => {
    destination.flushSync()
  }
  return { ...linesOf(logger, level, flush), of: (issuer) => linesOf(logger.child({ issuer }), level, flush) }
}

function linesOf(logger: Logger, level: LogLevel, flush: () => void): Log {
  return {
    event: (event) => {
      logger[levels[event.severity]](eventFields(event), event.event)
    },
    line: (at, message, fields = {}) => {
      logger[at](fields, message)
    },
    fault: (message, cause, requestId) => {
      const known = requestId === undefined ? {} : { request_id: requestId }
      logger.error({ ...known, ...faultFields(cause, level === 'debug') }, message)
    },
    flush,
  }
}
