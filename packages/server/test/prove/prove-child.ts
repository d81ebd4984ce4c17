// Proves with the sources of the checkout in which this file's argument lies, and prints the requirements that do not hold.
import { pathToFileURL } from 'node:url'
import { systemRandom } from '@sallyport/protocol'

const [entry = ''] = process.argv.slice(2)
const { prove } = (await import(pathToFileURL(entry).href)) as typeof import('@sallyport/server/prove')
const report = await prove({ issuer: 'https://as.test', policy: { deviceGrant: true }, random: systemRandom() })
const failed = [...new Set(report.cases.filter(({ holds }) => !holds).map(({ requirement }) => requirement))]
process.stdout.write(JSON.stringify({ proven: report.proven, failed, cases: report.cases.length }))
