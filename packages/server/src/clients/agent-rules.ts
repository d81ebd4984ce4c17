import type { ClientFault } from './client-fault.ts'
import type { ClientRegistration } from './registration.ts'

/**
 * Somebody answers for an agent and can say what it is for; and nobody agrees in the place of the person it acts for. That
 * its tokens live short is no matter of its registration but of the policy.
 */
export function agentFaults({ type, owner, purpose, firstParty }: ClientRegistration): ClientFault[] {
  if (type !== 'agent') return []
  const faults: ClientFault[] = []
  const needed = 'is required of an agent'
  if (owner === undefined) faults.push({ member: 'owner', problem: needed, fix: 'name who answers for it' })
  if (purpose === undefined) faults.push({ member: 'purpose', problem: needed, fix: 'say what it is for' })
  if (firstParty === true)
    faults.push({ member: 'firstParty', problem: 'is not for agents: people are always asked', fix: 'remove it' })
  return faults
}

/** The text of MCP knows https and this machine as places to return to (A-MCP-05); whose a private scheme is, nobody can tell. */
export const mcpFaults = ({ mcp, redirectUris, postLogoutRedirectUris }: ClientRegistration): ClientFault[] =>
  mcp !== true
    ? []
    : Object.entries({ redirectUris, postLogoutRedirectUris }).flatMap(([member, uris]) =>
        (uris ?? [])
          .filter((uri) => !/^https?:\/\//.test(uri))
          .map((uri) => ({
            member,
            problem: `${JSON.stringify(uri.slice(0, 200))} has a private-use scheme, which MCP does not know`,
            fix: 'use https, or http on the loopback interface',
          })),
      )
