import type { World } from '../client-requests.ts'
import { departureSteps, type Return } from '../flow-run.ts'
import { allPassed, responseChecks } from '../response-checks.ts'
import type { Attack, AttackOutcome } from './attack.ts'

/** The app does what it always does with an answer; the checks decide whether it goes on to redeem the code. */
const judge =
  (title: string, note: string) =>
  async (_world: World, back: Return): Promise<AttackOutcome> => {
    const checks = responseChecks(back.attempt, back.response)
    const [, departure] = departureSteps(back.attempt)
    return {
      refused: !allPassed(checks),
      steps: [
        ...(departure === undefined ? [] : [departure]),
        { title, from: 'attacker', to: 'app', note, exchange: back.callback, checks },
        {
          title: 'The app stops',
          from: 'app',
          to: 'app',
          note: allPassed(checks)
            ? 'The checks passed, which must not happen.'
            : 'No token request is made, so neither code nor verifier leaves the app, and the code dies unused within a minute.',
        },
      ],
    }
  }

function changed(answer: URLSearchParams, change: (copy: URLSearchParams) => void): URLSearchParams {
  const copy = new URLSearchParams(answer)
  change(copy)
  return copy
}

const note =
  'Your browser was sent back with the answer above, and then on once more with the changed address, as somebody between would do it. The app sees only what arrives.'

/** Attacks on an app that can be made to believe that somebody else answered. */
export const mixedUpIssuerAttacks = {
  'missing-iss': {
    title: 'Drop the issuer from the answer',
    attempt: 'Somebody in between removes iss, hoping that the app does not notice who answered.',
    reason: 'Sallyport names itself in every answer. The app treats an answer without iss like one from a stranger.',
    clauses: ['RFC 9207 §2.4', 'OAuth 2.1 §4.1.2, §7.15'],
    starts: 'with a code',
    scope: 'openid',
    resource: 'none',
    tamper: (answer) =>
      changed(answer, (copy) => {
        copy.delete('iss')
      }),
    perform: judge('The answer arrives without iss', note),
  },
  'wrong-iss': {
    title: 'Answer in another issuer’s name',
    attempt:
      'The mix-up: the app is made to believe that another server sent the code, so that it would hand code and verifier to that server.',
    reason: 'The app remembers whom it asked and compares iss character by character before it uses the code.',
    clauses: ['RFC 9207 §2.4', 'RFC 9700 §2.1, §4.4'],
    starts: 'with a code',
    scope: 'openid',
    resource: 'none',
    tamper: (answer) =>
      changed(answer, (copy) => {
        copy.set('iss', 'https://login.attacker.example')
      }),
    perform: judge('The answer arrives in the name of https://login.attacker.example', note),
  },
} as const satisfies Record<string, Attack>
