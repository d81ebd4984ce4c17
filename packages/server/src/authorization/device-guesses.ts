import type { Call, Context } from '../context.ts'
import type { Session } from '../model/interaction.ts'

/** Seconds in which wrong user codes are counted, and how many there may be (A-DEV-05). */
const window = 600
const perPerson = 5
const perNetwork = 20

type Counter = { readonly key: string; readonly most: number; readonly whose: 'session' | 'account' | 'network' }

const countersOf = (call: Call, session: Session): readonly Counter[] => [
  { key: `device-code:session:${session.id}`, most: perPerson, whose: 'session' },
  { key: `device-code:account:${session.subject}`, most: perPerson, whose: 'account' },
  { key: `device-code:network:${call.network}`, most: perNetwork, whose: 'network' },
]

/** One attempt at a user code: counted before it is looked at, so that attempts at the same moment cannot pass together. */
export type Attempt = {
  /** Seconds to wait when there were too many; the code must not be looked at then. */
  readonly wait: number | undefined
  /** The code was right: this attempt was no guess. What was counted before stays. */
  right(): Promise<void>
}

/** Counts an attempt. Session, account and network have a limit each, the same on all nodes. */
export async function countAttempt(ctx: Context, call: Call, session: Session): Promise<Attempt> {
  const now = ctx.now()
  const counters = countersOf(call, session)
  const counts = await Promise.all(counters.map(({ key }) => ctx.store.count(key, window, now)))
  const passed = counters.find(({ most }, index) => (counts[index] ?? 0) > most)
  if (passed !== undefined) {
    await ctx.events.write(
      {
        event: 'device.code.guess_limit',
        severity: 'medium',
        subject: session.subject,
        reason: passed.whose,
        detail: { seconds: window },
      },
      { requestId: call.id, network: call.network },
    )
  }
  return {
    wait: passed === undefined ? undefined : window,
    right: async () => {
      await Promise.all(counters.map(({ key }) => ctx.store.count(key, window, now, -1)))
    },
  }
}

/** Wrong codes of a session so far: a form for a code is good until the next attempt. */
export const attemptsOf = (ctx: Context, session: Session): Promise<number> =>
  ctx.store.readCount(`device-code:session:${session.id}`, ctx.now())
