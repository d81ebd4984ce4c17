import type { Parameters, ProvingGround } from './proving-ground.ts'
import { issue, redeem, seenAt, type Issued } from './redemption.ts'
import { invalidGrant, type Steps } from './steps.ts'

/** A spoiled redemption, and then an honest one of the same code, which tells what became of the code. */
export const spoiled =
  (change: (issued: Issued, ground: ProvingGround) => Parameters, first: string, then: string): Steps =>
  async (ground, client) => {
    const issued = await issue(ground, client)
    const seen = seenAt(await redeem(ground, issued, change(issued, ground)))
    return [
      [first, seen],
      [then, seenAt(await redeem(ground, issued))],
    ]
  }

/** A spoiled redemption that costs the code its life. */
export const destroys = (change: (issued: Issued, ground: ProvingGround) => Parameters, first = invalidGrant): Steps =>
  spoiled(change, first, invalidGrant)
