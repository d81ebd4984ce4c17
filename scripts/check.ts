import { checks } from './checks.ts'
import { foundSomething } from './finding.ts'
import { runSteps, sum } from './step.ts'

// `npm run check`: exit code 0 when nothing is at fault, 3 otherwise.
const { failed } = sum(await runSteps(checks, 2))
if (failed > 0) process.exitCode = foundSomething
