import { readFileSync, writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import type { ProofCase, ProofReport, SignedReport } from '@sallyport/server/prove'
import { addCommand, withSettings, type Call } from '../command.ts'
import { withExternalKeys } from '../external-keys.ts'
import { CommandFailure, exitCode, usage, type ExitCode } from '../failure.ts'
import { lastProof, reportIn } from '../last-proof.ts'
import { readMasterKey } from '../master-key.ts'
import { createMetrics } from '../metrics.ts'
import { proveConfiguration, signHere, tellProof } from '../proving.ts'
import { table } from '../terminal.ts'
import { inWorkplace, type Workplace } from '../workplace.ts'

/** Adds `sallyport prove`. */
export function addProve(program: Command): void {
  const command = addCommand(program, 'prove', 'send every request that must be refused, and tell what came of it', run)
  withSettings(command, 'store', 'data', 'managementPort')
    .option('--out <file>', 'write the signed report to a file')
    .option('--metrics <file>', 'write the outcome as metrics to a file, for a collector that reads text files')
    .option('--short', 'send each request once at every door, as a server does when it starts')
    .option('--last', 'send nothing: show the newest report of the running server')
    .option('--verify <file>', 'send nothing: tell whether a report was made and signed by this installation')
}

type Options = {
  readonly out?: string
  readonly metrics?: string
  readonly short?: true
  readonly last?: true
  readonly verify?: string
}

async function run(call: Call, { verify, ...how }: Options): Promise<ExitCode> {
  if (how.last === true && (how.short === true || verify !== undefined))
    throw usage('--last shows what was proven, so it goes with neither --short nor --verify')
  return inWorkplace(await call.config(), (place) =>
    verify === undefined ? showProof(call, place, how) : verifyHere(call, place, verify),
  )
}

async function showProof(
  call: Call,
  place: Workplace,
  { out, metrics, short, last }: Omit<Options, 'verify'>,
): Promise<ExitCode> {
  const signed = last === true ? await lastOf(place) : await proveHere(call, place, short)
  const { report } = signed
  if (out !== undefined) writeResult(out, `${JSON.stringify(signed, undefined, 2)}\n`)
  if (metrics !== undefined) writeResult(metrics, await asMetrics(report))
  call.terminal.data({ ...signed }, inWords(report))
  return report.proven ? exitCode.ok : exitCode.found
}

async function proveHere(call: Call, place: Workplace, short: true | undefined): Promise<SignedReport> {
  const { config, store, issuer, now } = place
  const masterKey = readMasterKey(config.data, config.masterKey)
  const report = await call.terminal.during('proving', proveConfiguration(issuer, config.policy, { short }))
  return withExternalKeys(config, (externalKeys) => signHere(report, { store, masterKey, now: now(), externalKeys }))
}

/** What the running server has; another process may sit at its port, so it counts only with a signature of this installation. */
async function lastOf(place: Workplace): Promise<SignedReport> {
  const signed = await lastProof(place.config)
  const fault = await faultOf(place, signed)
  if (fault !== undefined)
    throw new CommandFailure(exitCode.failed, `the report at the management port is not to be believed: ${fault}`)
  return signed
}

async function faultOf({ store }: Workplace, signed: SignedReport): Promise<string | undefined> {
  const { readSignedReport } = await import('@sallyport/server/prove')
  return readSignedReport(
    signed,
    (await store.listSigningKeys()).map(({ publicJwk }) => publicJwk),
  )
}

/** The outcome under the names that a running server has for it. */
async function asMetrics({ proven, milliseconds, at }: ProofReport): Promise<string> {
  const metrics = createMetrics()
  tellProof(metrics, { proven, seconds: milliseconds / 1000, at })
  const { body } = await metrics.render()
  const lines = String(body).split('\n')
  return `${lines.filter((line) => /^(?:# (?:HELP|TYPE) )?sallyport_pkce_enforcement_/.test(line)).join('\n')}\n`
}

function writeResult(file: string, text: string): void {
  try {
    writeFileSync(file, text)
  } catch (error) {
    throw new CommandFailure(exitCode.failed, `${file} cannot be written: ${(error as Error).message}`)
  }
}

async function verifyHere(call: Call, place: Workplace, file: string): Promise<ExitCode> {
  const signed = readReport(file)
  const fault = await faultOf(place, signed)
  const { proven, at, failed } = signed.report
  const made = new Date(at * 1000).toISOString()
  const outcome = proven ? 'everything was enforced' : `${failed} cases did not hold`
  call.terminal.data(
    { genuine: fault === undefined, fault, proven, at },
    fault === undefined ? `genuine: made ${made}, ${outcome}` : `not to be believed: ${fault}`,
  )
  return fault === undefined && proven ? exitCode.ok : exitCode.found
}

function readReport(file: string): SignedReport {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new CommandFailure(exitCode.failed, `${file} cannot be read: ${(error as Error).message}`)
  }
  const found = reportIn(text)
  if (found === undefined) throw new CommandFailure(exitCode.failed, `${file} is no report of sallyport prove`)
  return found
}

/** A line for each door and client, then what does not hold, and at last when and how much was proven. */
function inWords({ cases, proven, failed, milliseconds, at, extent }: ProofReport): string {
  const groups = new Map<string, ProofCase[]>()
  for (const one of cases) {
    const key = `${one.entry}\t${one.client}`
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  const rows = [...groups].map(([key, members]) => {
    const [entry = '', client = ''] = key.split('\t')
    const holding = members.filter(({ holds }) => holds).length
    return [entry, client, `${holding}/${members.length}`, holding === members.length ? 'holds' : 'NOT ENFORCED']
  })
  const faults = cases.filter(({ holds }) => !holds).map(faultLines)
  const verdict = proven
    ? `PKCE is enforced: ${cases.length} cases hold (${milliseconds} ms)`
    : `PKCE is NOT enforced: ${failed} of ${cases.length} cases do not hold`
  const made = `proven ${extent === 'short' ? 'in short' : 'as a whole'}, ${new Date(at * 1000).toISOString()}`
  return [table(['ENTRY', 'CLIENT', 'CASES', ''], rows), ...faults, made, verdict].join('\n')
}

const faultLines = ({ requirement, entry, client, title, expected, seen }: ProofCase): string =>
  `${requirement} ${entry}, ${client}: ${title}\n  expected ${expected}\n  seen     ${seen}`
