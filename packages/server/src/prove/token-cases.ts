import { authenticationCases } from './authentication-cases.ts'
import { codeCases } from './code-cases.ts'
import { keyCases } from './key-cases.ts'
import type { ProofClient } from './proof-clients.ts'
import type { ProvingGround } from './proving-ground.ts'
import type { ProofCase } from './report.ts'
import { runSteps } from './steps.ts'
import { verifierCases } from './verifier-cases.ts'

/** Every case of one client at the token endpoint. */
export async function tokenCases(ground: ProvingGround, client: ProofClient): Promise<readonly ProofCase[]> {
  const place = { ground, entry: 'token', client }
  const ofAll = await runSteps(place, [...verifierCases, ...codeCases], ground.clients.length)
  const keyed = await keyCases(ground, client)
  return [...ofAll, ...keyed, ...(await runSteps(place, authenticationCases(client), 2))]
}
