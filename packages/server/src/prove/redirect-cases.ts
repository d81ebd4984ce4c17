import { registerHeld } from './proof-clients.ts'
import type { ProvingGround } from './proving-ground.ts'
import type { ProofCase } from './report.ts'
import { issue, redeem, seenAt } from './redemption.ts'
import { invalidRequest, runSteps, tokens, type SteppedCase } from './steps.ts'

/** A client of OAuth 2.0 repeats its redirect URI at every stage (section 4.1.3 there; OAuth 2.1 section 10.2). */
const repeated: SteppedCase = {
  requirement: 'A-CODE-07',
  title: 'a client of OAuth 2.0 without its redirect URI, then with it',
  steps: async (ground, client) => {
    const issued = await issue(ground, client)
    return [
      [invalidRequest, seenAt(await redeem(ground, issued, { redirect_uri: undefined }))],
      [tokens, seenAt(await redeem(ground, issued, { redirect_uri: issued.redirectUri }))],
    ]
  },
}

/** Once the parameter is gone, nobody else may send it, and the code is left alone. */
const gone: SteppedCase = {
  requirement: 'A-CODE-07',
  title: 'a redirect URI that has no place there any more, then none',
  steps: async (ground, client) => {
    const issued = await issue(ground, client)
    return [
      [invalidRequest, seenAt(await redeem(ground, issued, { redirect_uri: issued.redirectUri }))],
      [tokens, seenAt(await redeem(ground, issued))],
    ]
  },
}

/** Who has to repeat the redirect URI in the token request, and who must not. */
export async function redirectCases(ground: ProvingGround): Promise<readonly ProofCase[]> {
  const old = await registerHeld(ground.registry, 'of OAuth 2.0', {
    redirectUris: ['https://old.invalid/cb'],
    requireRedirectUriAtToken: true,
  })
  const cases = [...(await runSteps({ ground, entry: 'token', client: old }, [repeated]))]
  if (ground.registry.policy.stages?.refuseRedirectUriAtToken !== 'enforce') return cases
  for (const client of ground.clients)
    cases.push(...(await runSteps({ ground, entry: 'token', client }, [gone], ground.clients.length)))
  return cases
}
