import type { Config } from '../config/load.ts'
import { proveConfiguration } from '../proving.ts'
import { bad, ok, type Finding } from './finding.ts'

/** Proves, in memory and with the policy of this configuration, that PKCE is enforced (A-PKCE-19). */
export async function proofFindings(config: Config, issuer: string | undefined): Promise<readonly Finding[]> {
  if (issuer === undefined) return []
  const { cases, proven } = await proveConfiguration(issuer, config.policy)
  const failed = cases.filter(({ holds }) => !holds)
  if (proven) return [ok('proof', `PKCE is enforced: ${cases.length} of ${cases.length} cases hold`)]
  const [first] = failed
  const what = first === undefined ? 'no case was run' : `${first.title} at ${first.entry} (${first.requirement})`
  return [bad('proof', `PKCE is not enforced: ${failed.length} cases fail, first ${what}`, 'run: sallyport prove')]
}
