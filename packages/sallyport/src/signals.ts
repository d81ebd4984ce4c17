import type { Daemon } from './daemon.ts'
import { exitCode, type ExitCode } from './failure.ts'
import type { Log } from './log.ts'

/** Serves until SIGINT or SIGTERM, then drains. A second signal ends it at once. */
export function runUntilSignal(daemon: Pick<Daemon, 'stop'>, log: Log): Promise<ExitCode> {
  return new Promise((resolve, reject) => {
    let stopping = false
    const onSignal = (signal: NodeJS.Signals): void => {
      if (stopping) {
        log.flush()
        process.exit(exitCode.interrupted)
      }
      stopping = true
      log.line('info', 'stopping', { signal })
      daemon.stop().then(() => resolve(exitCode.ok), reject)
    }
    process.on('SIGINT', onSignal)
    process.on('SIGTERM', onSignal)
    const onCrash = (cause: unknown): void => {
      // Nobody knows what is left undone: crash, so that the supervisor starts afresh (FT-17).
      log.line('error', 'crashed', { event: 'lifecycle.crash' })
      log.fault('crashed', cause)
      log.flush()
      process.exit(exitCode.failed)
    }
    process.on('uncaughtException', onCrash)
    process.on('unhandledRejection', onCrash)
  })
}
