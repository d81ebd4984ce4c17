import {
  IssuerError,
  parseIssuer,
  registrationFaults,
  registrationOf,
  standingFaults,
  type Client,
  type ClientFault,
  type Policy,
} from '@sallyport/server'
import type { CheckFinding } from './finding.ts'
import { clientFinding } from './rules.ts'

/** What registration takes under an issuer for development and under no other (ADR 9). */
const developmentFinding = (key: string, origin: string, fault: ClientFault): CheckFinding => ({
  rule: 'client-development',
  key,
  origin,
  problem: `only for development: ${fault.problem}`,
  fix: 'register it anew with the production server, which has a store of its own',
})

/**
 * What registration would say today against a client that is stored. What it takes under an issuer for development and in
 * production refuses is told apart (ADR 9).
 */
export const storedFindings =
  (issuer: string | undefined, policy: Policy) =>
  (client: Client): readonly CheckFinding[] => {
    const registration = registrationOf(client)
    const refused = isForDevelopment(issuer)
      ? new Set(
          registrationFaults(registration, true, client.channel).map(({ member, problem }) => `${member} ${problem}`),
        )
      : undefined
    const found = registrationFaults(registration, false, client.channel).map((fault) => {
      const stands = refused === undefined || refused.has(`${fault.member} ${fault.problem}`)
      const told = stands ? clientFinding : developmentFinding
      return told(`client ${client.id} ${fault.member}`, client.name, fault)
    })
    return [...found, ...unfitFindings(policy, client)]
  }

/** What keeps a client that is older than the profile from getting anything (FAPI 2.0, B-FAPI-03). */
const unfitFindings = (policy: Policy, client: Client): readonly CheckFinding[] =>
  standingFaults(policy, client).map(({ member, problem, fix = `change ${member}` }) => ({
    rule: 'profile-client',
    key: `client ${client.id} ${member}`,
    origin: client.name,
    problem,
    fix,
  }))

function isForDevelopment(issuer: string | undefined): boolean {
  if (issuer === undefined) return false
  try {
    return !parseIssuer(issuer).secure
  } catch (error) {
    if (error instanceof IssuerError) return false
    throw error
  }
}
