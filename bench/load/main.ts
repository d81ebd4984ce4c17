// The load generator's process: driven over the IPC channel by the bench, one server at a time.
import type { LoadCommand, LoadReply } from '../deployment.ts'
import { measure } from './measure.ts'
import { signInBrowsers } from './prepare.ts'
import { describeSubject, type Subject } from './subject.ts'

const reply = (message: LoadReply): void => {
  process.send?.(message)
}

let subject: Subject | undefined

async function obey(command: LoadCommand): Promise<LoadReply> {
  if (command.kind === 'prepare') {
    subject = await describeSubject(command.deployment, command.serverPid)
    await signInBrowsers(subject)
    return { kind: 'prepared' }
  }
  if (subject === undefined) throw new Error('there is no server to load yet')
  return { kind: 'result', result: await measure(subject, command) }
}

process.on('message', (command: LoadCommand) => {
  obey(command).then(reply, (error: unknown) => {
    reply({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
  })
})
process.on('disconnect', () => process.exit(0))
reply({ kind: 'ready' })
