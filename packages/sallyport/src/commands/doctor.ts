import type { Command } from 'commander'
import { addCommand, withSettings, type Call } from '../command.ts'
import { configOf, faultLine, loadSettings } from '../config/load.ts'
import { examine } from '../doctor/examine.ts'
import type { Finding } from '../doctor/finding.ts'
import { exitCode, type ExitCode } from '../failure.ts'

/** Adds `sallyport doctor`. */
export function addDoctor(program: Command): void {
  const command = addCommand(program, 'doctor', 'look for what is wrong with an installation', doctor)
  withSettings(command, 'issuer', 'store', 'data', 'host', 'port', 'managementPort')
}

const faultFindings = (faults: Awaited<ReturnType<typeof loadSettings>>['faults']): readonly Finding[] =>
  faults.map((fault) => ({ check: 'configuration', state: 'finding', message: faultLine(fault), remedy: fault.fix }))

async function doctor(call: Call): Promise<ExitCode> {
  const { resolved, faults } = await loadSettings(call.sources)
  const found: Finding[] = [...faultFindings(faults)]
  if (faults.length === 0) {
    found.push({ check: 'configuration', state: 'ok', message: 'every setting is understood' })
    found.push(...(await call.terminal.during('looking', examine(configOf(resolved)))))
  }
  const bad = found.filter(({ state }) => state === 'finding')
  call.terminal.data({ healthy: bad.length === 0, checks: found }, found.map(line).join('\n'))
  return bad.length === 0 ? exitCode.ok : exitCode.found
}

function line({ check, state, message, remedy }: Finding): string {
  const mark = state === 'ok' ? 'ok     ' : 'FINDING'
  const text = `${mark} ${check}: ${message}`
  return remedy === undefined || state === 'ok' ? text : `${text}\n        ${remedy}`
}
