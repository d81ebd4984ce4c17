import { authenticationCases } from './authentication-cases.ts'
import { codeCases } from './code-cases.ts'
import type { ProofClient, ProvingGround } from './proving-ground.ts'
import type { ProofCase } from './report.ts'
import { runSteps } from './steps.ts'
import { verifierCases } from './verifier-cases.ts'

/** Every case of one client at the token endpoint. */
export const tokenCases = (
  ground: ProvingGround,
  client: ProofClient,
  pause: () => Promise<void>,
): Promise<readonly ProofCase[]> =>
  runSteps({ ground, entry: 'token', client }, [...verifierCases, ...codeCases, ...authenticationCases(client)], pause)
