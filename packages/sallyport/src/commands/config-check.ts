import { existsSync } from 'node:fs'
import { createPolicy, isInForce, type Policy, type Store } from '@sallyport/server'
import { readBaseline, writeBaseline as writeBaselineFile } from '../check/baseline.ts'
import { effectiveOf } from '../check/effective.ts'
import { fails, severityOf, type CheckFinding } from '../check/finding.ts'
import {
  findingRecord,
  formats,
  isFormat,
  junit,
  reportText,
  sarif,
  type Format,
  type Report,
} from '../check/formats.ts'
import { policyChanges, type PolicyChange } from '../check/policy-change.ts'
import { isProfile, profileFindings, type Profile } from '../check/profiles.ts'
import { baseFindings } from '../check/rules.ts'
import { storedFindings } from '../check/stored-clients.ts'
import { declaredClients, type Subject } from '../check/subject.ts'
import type { EffectivePolicy } from '../check/values.ts'
import type { Call } from '../command.ts'
import { configOf, profileFile, type Config, type Loaded, type Sources } from '../config/load.ts'
import { defaultFile } from '../config/file.ts'
import type { Declarations } from '../config/declared.ts'
import { loadUnderstood } from '../config/understood.ts'
import { exceptionNotices, standingExceptions } from '../exceptions.ts'
import { CommandFailure, exitCode, unknownName, usage, type ExitCode } from '../failure.ts'
import { eachPage } from '../pages.ts'
import { printOutcome } from '../terminal.ts'
import { version } from '../version.ts'
import { issuerSetting, now, openStore } from '../workplace.ts'

export type CheckOptions = {
  readonly format?: string
  readonly baseline?: string
  readonly writeBaseline?: boolean
}

/** Looks for what must not go into production (A-GOV-07). Needs no store; looks into one that is there. */
export async function check(call: Call, options: CheckOptions): Promise<ExitCode> {
  const format = formatOf(call, options)
  if (options.writeBaseline === true && options.baseline === undefined)
    throw usage('--write-baseline needs --baseline FILE, the file to write')
  const { profile, sources } = chosen(call.sources)
  const loaded = await loadUnderstood(sources)
  const reviewed = reviewedPolicy(options)
  const { subject, stored } = await subjectOf(loaded, reviewed)
  const changes = reviewed === undefined ? [] : policyChanges(reviewed, effectiveOf(subject))
  const findings = [
    ...boundFindings(loaded),
    ...baseFindings(subject),
    ...stored,
    ...profileFindings[profile](subject),
    ...changes.filter(({ weaker }) => weaker).map(regression(options.baseline)),
  ]
  show(call, format, {
    findings,
    changes: changes.filter(({ weaker }) => !weaker).map(({ sentence }) => sentence),
    version: version(),
    file: sources.files[0] ?? defaultFile,
  })
  if (options.writeBaseline === true) keep(call, options, subject, findings)
  return findings.some(fails) ? exitCode.found : exitCode.ok
}

/** The committed policy to compare with; none when it is to be written anew. */
const reviewedPolicy = ({ baseline, writeBaseline }: CheckOptions): EffectivePolicy | undefined =>
  baseline === undefined || writeBaseline === true ? undefined : readBaseline(baseline)

/** What breaks a rule is not to be what everything later is compared with. */
function keep(call: Call, { baseline }: CheckOptions, subject: Subject, findings: readonly CheckFinding[]): void {
  const errors = findings.filter(({ rule }) => severityOf(rule) === 'error').length
  if (errors > 0)
    throw new CommandFailure(
      exitCode.found,
      `the baseline was not written: ${errors} finding${errors === 1 ? ' is an error' : 's are errors'}`,
    )
  if (baseline !== undefined && !call.dryRun) writeBaselineFile(baseline, effectiveOf(subject))
}

function formatOf({ terminal }: Call, { format }: CheckOptions): Format {
  if (format === undefined) return terminal.json ? 'json' : 'text'
  if (!isFormat(format)) throw usage(`${unknownName('format', format, formats)}; there are ${formats.join(', ')}`)
  return format
}

/**
 * `--profile` names a file everywhere. Here four names are sets of rules too; their file is read where there is one, so
 * that both readings hold.
 */
function chosen(sources: Sources): { readonly profile: Profile; readonly sources: Sources } {
  const { profile } = sources
  if (profile === undefined || !isProfile(profile)) return { profile: 'oauth21', sources }
  return existsSync(profileFile(profile))
    ? { profile, sources }
    : { profile, sources: { ...sources, profile: undefined } }
}

const boundFindings = ({ faults }: Loaded): readonly CheckFinding[] =>
  faults.map(({ key, origin, problem, fix }) => ({ rule: 'weak-bound', key, origin, problem, fix }))

type Looked = { readonly subject: Subject; readonly stored: readonly CheckFinding[] }

async function subjectOf(loaded: Loaded, reviewed: EffectivePolicy | undefined): Promise<Looked> {
  const config = configOf(loaded.resolved)
  const { declarations } = loaded
  const policy = createPolicy(config.policy)
  const store = await stored(config, declarations, policy)
  const written = loaded.resolved.get('issuer')?.origin ?? 'the settings'
  const subject: Subject = {
    config,
    resolved: loaded.resolved,
    reviewed,
    policy,
    issuer: store.issuer,
    issuerPlace: config.issuer !== undefined ? written : store.issuer === undefined ? 'the settings' : 'the store',
    declarations,
    resourcesInStore: store.resources,
    clients: declaredClients(declarations, policy.profile),
  }
  return { subject, stored: store.findings }
}

type Stored = {
  readonly issuer: string | undefined
  readonly findings: readonly CheckFinding[]
  /** Whether there is any. */
  readonly resources: boolean
}

/** What the store says: its issuer where none is configured, its clients, and its exceptions. */
async function stored(config: Config, declarations: Declarations, policy: Policy): Promise<Stored> {
  if (!existsSync(config.storePath)) return { issuer: config.issuer, findings: [], resources: false }
  const store = await openStore(config.storePath)
  try {
    const issuer = config.issuer ?? (await store.admin.readSetting(issuerSetting))
    const clients = await eachPage((after) => store.admin.listClients(after, 200))
    const findings = clients.flatMap(storedFindings(issuer, policy))
    const resources = (await store.listResources()).length > 0
    return { issuer, resources, findings: [...findings, ...(await exceptionFindings(config, store, declarations))] }
  } finally {
    await store.close()
  }
}

/** Exceptions from PKCE that stand, or ran out and were not followed by a mended client (A-GOV-02). */
async function exceptionFindings(
  config: Config,
  store: Store,
  { exceptions }: Declarations,
): Promise<readonly CheckFinding[]> {
  // Of those that the file declares its own rules speak.
  const declared = new Set(exceptions.map(({ id }) => id))
  const standing = (await standingExceptions(store, now())).filter(({ id }) => !declared.has(id))
  return exceptionNotices(config, standing, now()).map(({ exception, problem, fix }) => ({
    rule: isInForce(exception, now()) ? 'exception-standing' : 'exception-expired',
    key: `exception ${exception.id}`,
    origin: exception.clientId,
    problem,
    fix,
  }))
}

const regression =
  (baseline = '') =>
  ({ aspect, sentence }: PolicyChange): CheckFinding => ({
    rule: 'policy-regression',
    key: aspect,
    origin: baseline,
    problem: sentence,
    fix: 'take the change back, or have it reviewed and write the baseline anew',
  })

function show({ terminal }: Call, format: Format, report: Report): void {
  if (format === 'sarif') process.stdout.write(`${JSON.stringify(sarif(report), null, 2)}\n`)
  else if (format === 'junit') process.stdout.write(`${junit(report)}\n`)
  else {
    const record = { findings: report.findings.map(findingRecord), changes: report.changes }
    const asJson = { ...terminal, json: format === 'json' }
    printOutcome(asJson, record, reportText(report))
  }
}
