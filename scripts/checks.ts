import { runChild, runNode } from './child.ts'
import { tool } from './paths.ts'
import { failed, passed, type Step } from './step.ts'

const check = (name: string, ...args: string[]): Step => ({
  name,
  run: async () => {
    const { code, output } = await runNode(args)
    return code === 0 ? passed() : failed(output)
  },
})

const lockFile: Step = {
  name: 'lock file',
  run: async () => {
    const { code, output } = await runChild('npm', ['ci', '--dry-run', '--ignore-scripts', '--loglevel=error'])
    return code === 0 ? passed() : failed(`package-lock.json does not fit the package.json files\n${output}`)
  },
}

/** Everything that reads the tree without running it. */
export const checks: readonly Step[] = [
  lockFile,
  check('lint', tool('eslint/bin/eslint.js'), '.'),
  check('types of sources', tool('tsc-native/bin/tsc'), '-p', 'tsconfig.src.json'),
  check('types of tests', tool('tsc-native/bin/tsc'), '-p', 'tsconfig.test.json'),
  check('format', tool('prettier/bin/prettier.cjs'), '--check', '--log-level=warn', '.'),
  check('layers', 'scripts/check-layers.ts'),
  check('errors and their pages', 'scripts/check-errors.ts'),
  check('requirements and tests', 'scripts/check-spec.ts'),
  check('examples in the docs', 'scripts/check-docs.ts'),
  check('tables of the reference', 'scripts/check-reference.ts'),
  check('links and commands in the docs', 'scripts/check-mentions.ts'),
]
