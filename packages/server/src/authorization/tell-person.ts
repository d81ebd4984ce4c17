import type { Call, Context } from '../context.ts'
import type { Notice } from '../model/notice.ts'

/**
 * Has the host tell a person. Nobody waits for it and nothing hangs on it: what happened is stored already, and stands on the
 * person's own page. A host that fails is a fault for the operator.
 */
export function tellPerson(ctx: Context, call: Call, notice: Notice): void {
  const { accounts } = ctx
  if (accounts.notify === undefined) return
  // In a turn of its own, so that a host that throws at once is like one that rejects.
  void Promise.resolve()
    .then(() => accounts.notify?.(notice))
    .catch((fault: unknown) => void ctx.faultOf(call, fault))
}
