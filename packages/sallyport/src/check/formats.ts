import { fails, findingLine, placeOf, rules, severityOf, type CheckFinding, type RuleId } from './finding.ts'

export const formats = ['text', 'json', 'sarif', 'junit'] as const
export type Format = (typeof formats)[number]

export const isFormat = (text: string): text is Format => (formats as readonly string[]).includes(text)

export type Report = {
  readonly findings: readonly CheckFinding[]
  /** Sentences about what became of the effective policy. */
  readonly changes: readonly string[]
  readonly version: string
  /** The configuration file, for findings that no line of it caused. */
  readonly file: string
}

export const findingRecord = (finding: CheckFinding): Record<string, unknown> => ({
  rule: finding.rule,
  severity: rules[finding.rule].severity,
  key: finding.key,
  origin: finding.origin,
  ...placeOf(finding.origin),
  problem: finding.problem,
  fix: finding.fix,
})

export const reportText = ({ findings, changes }: Report): string =>
  [
    ...(findings.length === 0 ? ['nothing found'] : findings.map(findingLine)),
    ...changes.map((change) => `changed: ${change}`),
  ].join('\n')

const ruleIds = Object.keys(rules) as readonly RuleId[]

function sarifResult(finding: CheckFinding, file: string): Record<string, unknown> {
  const { rule, key, problem, fix, origin } = finding
  // Code scanning refuses a whole report for one finding without a place: then the file that was looked at is shown.
  const place = placeOf(origin) ?? { file: rule === 'policy-regression' ? origin : file, line: 1 }
  const physicalLocation = {
    artifactLocation: { uri: encodeURI(place.file.replaceAll('\\', '/')) },
    region: { startLine: place.line },
  }
  return {
    ruleId: rule,
    ruleIndex: ruleIds.indexOf(rule),
    level: severityOf(rule),
    message: { text: `${key}: ${problem}; ${fix}` },
    locations: [{ physicalLocation, logicalLocations: [{ fullyQualifiedName: key }] }],
    partialFingerprints: { 'sallyportFinding/v1': `${rule} ${key}` },
  }
}

/** SARIF 2.1.0, as code scanning services read it. */
export const sarif = ({ findings, version, file }: Report): Record<string, unknown> => ({
  $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
  version: '2.1.0',
  runs: [
    {
      tool: {
        driver: {
          name: 'sallyport config check',
          version,
          rules: ruleIds.map((id) => ({
            id,
            shortDescription: { text: rules[id].about },
            defaultConfiguration: { level: severityOf(id) },
          })),
        },
      },
      results: findings.map((finding) => sarifResult(finding, file)),
    },
  ],
})

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** Text for XML: its five signs escaped, and what XML 1.0 cannot hold left out. */
const xml = (text: string): string =>
  text.replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/g, '').replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? '')

function testCase(id: RuleId, findings: readonly CheckFinding[]): string {
  const head = `    <testcase classname="sallyport.config" name="${xml(id)}"`
  const failed = findings.filter(({ rule }) => rule === id)
  if (failed.length === 0) return `${head}/>`
  const lines = xml(failed.map(findingLine).join('\n'))
  if (severityOf(id) === 'note') return `${head}>\n      <system-out>${lines}</system-out>\n    </testcase>`
  const message = xml(`${rules[id].about}: ${failed.length} found`)
  return `${head}>\n      <failure type="${rules[id].severity}" message="${message}">${lines}</failure>\n    </testcase>`
}

/** JUnit XML with one case a rule, so that a dashboard shows rules that hold as well. */
export function junit({ findings }: Report): string {
  const cases = ruleIds.map((id) => testCase(id, findings))
  const failures = new Set(findings.filter(fails).map(({ rule }) => rule)).size
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites tests="${cases.length}" failures="${failures}">`,
    `  <testsuite name="sallyport config check" tests="${cases.length}" failures="${failures}">`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
  ].join('\n')
}
