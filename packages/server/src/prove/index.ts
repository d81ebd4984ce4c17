import { createPolicy } from '../policy.ts'
import { authorizeCases } from './authorize-cases.ts'
import { openEntries } from './authorize-entries.ts'
import { deviceCases } from './device-cases.ts'
import { exceptionCases } from './exception-cases.ts'
import { exchangeCases } from './exchange-cases.ts'
import { fapiCases } from './fapi-cases.ts'
import { loopbackCases } from './loopback-cases.ts'
import { machineCases } from './machine-cases.ts'
import { openProvingGround, type ProveOptions, type ProvingGround } from './proving-ground.ts'
import { directCases, pushedCases } from './pushed-cases.ts'
import { redirectCases } from './redirect-cases.ts'
import { registrationCases } from './registration-cases.ts'
import type { ProofCase, ProofReport } from './report.ts'
import { plainCases, signedCases } from './signed-cases.ts'
import { tokenCases } from './token-cases.ts'

export type { ProveOptions } from './proving-ground.ts'
export type { ProofCase, ProofReport } from './report.ts'
export { readSignedReport, signReport, type SignedReport, type SigningPlace } from './signed-report.ts'

/** Both discovery documents offer S256 and nothing else (A-PKCE-13). */
async function documentCases(ground: ProvingGround): Promise<readonly ProofCase[]> {
  const cases: ProofCase[] = []
  const paths = [
    `${ground.base}/.well-known/openid-configuration`,
    `/.well-known/oauth-authorization-server${ground.base}`,
  ]
  for (const path of paths) {
    const { body } = await ground.get(path)
    const { code_challenge_methods_supported: methods } = JSON.parse(Buffer.from(body).toString()) as {
      code_challenge_methods_supported?: unknown
    }
    const seen = JSON.stringify(methods) ?? 'nothing'
    const facts = { requirement: 'A-PKCE-13', entry: 'discovery', client: 'any', title: path }
    cases.push({ ...facts, expected: '["S256"]', seen, holds: seen === '["S256"]' })
  }
  return cases
}

/**
 * Sends every request that must be refused, and those that must not, to a server of its own in memory that runs under the
 * given policy, at every door and for every kind of client. Never throws for a case that does not hold: that is the result.
 * Touches nothing of the installation.
 */
export async function prove(options: ProveOptions): Promise<ProofReport> {
  const begun = performance.now()
  const ground = await openProvingGround(options)
  const begunAt = ground.now()
  const cases: ProofCase[] = [...(await documentCases(ground))]
  for (const client of ground.clients) {
    for (const entry of openEntries(ground)) cases.push(...(await authorizeCases({ ground, entry, client })))
    cases.push(...(await pushedCases(ground, client)), ...(await signedCases(ground, client)))
    cases.push(...(await tokenCases(ground, client)), ...(await loopbackCases(ground, client)))
    cases.push(...(await fapiCases(ground, client)))
  }
  cases.push(...(await registrationCases(ground)), ...(await deviceCases(ground)), ...(await directCases(ground)))
  cases.push(...(await plainCases(ground)), ...(await redirectCases(ground)), ...(await machineCases(ground)))
  cases.push(...(await exchangeCases(ground)), ...(await exceptionCases(ground, begunAt)))
  await ground.server.close()
  const failed = cases.filter(({ holds }) => !holds).length
  return {
    version: 1,
    extent: options.short === true ? 'short' : 'whole',
    issuer: options.issuer,
    at: Math.floor(Date.now() / 1000),
    milliseconds: Math.round(performance.now() - begun),
    proven: failed === 0,
    failed,
    policy: { ...createPolicy(options.policy) },
    requests: ground.requests(),
    cases,
  }
}
