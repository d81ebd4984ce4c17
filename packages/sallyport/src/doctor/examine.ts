import { existsSync } from 'node:fs'
import type { SqliteStore } from '@sallyport/store-sqlite'
import type { Config } from '../config/load.ts'
import { CommandFailure } from '../failure.ts'
import { issuerSetting, openStore } from '../workplace.ts'
import { clockFindings } from './clock.ts'
import { issuerFindings } from './issuer.ts'
import { bad, ok, type Finding } from './finding.ts'
import { exceptionFindings } from './exceptions.ts'
import { keyFindings } from './keys.ts'
import { permissionFindings } from './permissions.ts'
import { proofFindings } from './proof.ts'
import { secretFindings } from './secrets.ts'
import { tighteningFindings } from './tightenings.ts'

/** Looks at permissions, store, keys, client secrets, exceptions, the proof of PKCE, issuer and clock. Changes nothing. */
export async function examine(config: Config): Promise<readonly Finding[]> {
  const findings: Finding[] = [...permissionFindings(config)]
  if (!existsSync(config.storePath))
    return [
      ...findings,
      bad('store', `there is no store at ${config.storePath}`, 'run: sallyport migrate --issuer URL'),
    ]
  let store: SqliteStore
  try {
    store = await openStore(config.storePath)
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error
    return [...findings, bad('store', error.message, 'mend the store first; the other checks need it')]
  }
  try {
    const issuer = await store.admin.readSetting(issuerSetting)
    findings.push(...(await storeFindings(store)), ...(await keyFindings(config, store, issuer)))
    findings.push(...(await secretFindings(store)))
    findings.push(...(await exceptionFindings(config, store)))
    findings.push(...(await tighteningFindings(config, store)))
    findings.push(...(await proofFindings(config, issuer)))
    const answer = await issuerFindings(config, issuer)
    findings.push(...answer.findings, ...(await clockFindings(store, answer.serverTime)))
    return findings
  } finally {
    await store.close()
  }
}

async function storeFindings(store: SqliteStore): Promise<readonly Finding[]> {
  const faults = await store.integrityFaults()
  if (faults.length === 0) return [ok('store', 'opens, has the current schema and is intact')]
  const remedy = 'stop every process that uses it and restore a backup'
  return faults.slice(0, 5).map((fault) => bad('store', `SQLite finds: ${fault.slice(0, 200)}`, remedy))
}
