import type { Daemon } from './daemon.ts'
import { exitCode, type ExitCode } from './failure.ts'
import type { Log } from './log.ts'

/** Milliseconds in which a signal counts as the same one: terminals and launchers both pass Ctrl-C on. */
const sameSignal = 400

/** Serves until SIGINT or SIGTERM, then drains. Another signal after that ends it at once. */
export function runUntilSignal(daemon: Pick<Daemon, 'stop'>, log: Log): Promise<ExitCode> {
  return new Promise((resolve, reject) => {
    let since: number | undefined
    const onSignal = (signal: NodeJS.Signals): void => {
      if (since !== undefined) {
        if (performance.now() - since < sameSignal) return
        log.flush()
        process.exit(exitCode.interrupted)
      }
      since = performance.now()
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
