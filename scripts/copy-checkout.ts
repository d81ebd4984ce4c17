import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { runChild } from './child.ts'
import { root, runtimeDir } from './paths.ts'

/**
 * Copies the tree as it stands, committed or not, with what is installed, so that commands run in it need no network
 * and leave the original alone. Returns the folder of the copy.
 */
export async function copyCheckout(target: string): Promise<string> {
  const { code, output } = await runChild('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'])
  if (code !== 0) throw new Error(`git cannot list the files of this checkout\n${output}`)
  for (const file of output.split('\0').filter((name) => name !== '' && existsSync(join(root, name)))) {
    mkdirSync(dirname(join(target, file)), { recursive: true })
    cpSync(join(root, file), join(target, file), { verbatimSymlinks: true })
  }
  const installed = ['node_modules', ...packageModules()]
  const runtimes = existsSync(runtimeDir) ? readdirSync(runtimeDir).filter((name) => /^(bin|node-)/.test(name)) : []
  for (const folder of [...installed, ...runtimes.map((name) => `.runtime/${name}`)]) {
    mkdirSync(dirname(join(target, folder)), { recursive: true })
    const copied = await runChild('cp', ['-a', join(root, folder), join(target, folder)])
    if (copied.code !== 0) throw new Error(copied.output)
  }
  return target
}

function packageModules(): string[] {
  const packages = readdirSync(join(root, 'packages')).map((name) => `packages/${name}/node_modules`)
  return [...packages, 'bench/node_modules'].filter((folder) => existsSync(join(root, folder)))
}
