import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { runNode } from './child.ts'
import { root, tool } from './paths.ts'
import { sourceFiles } from './source-files.ts'
import { workspaces } from './workspace.ts'

// Makes the publishable packages: compiled sources with their types, and beside them whatever sources read at run time.
const packages = workspaces()
for (const { folder } of packages) rmSync(join(folder, 'dist'), { recursive: true, force: true })

const { code, output } = await runNode([tool('tsc-native/bin/tsc'), '-b', 'tsconfig.json'])
if (output.trim() !== '') console.log(output.trim())
if (code === 0) {
  const assets = sourceFiles('packages/*/src/**/*.{css,js,svg,html,json,sql}')
  for (const asset of assets) copy(asset, asset.replace('/src/', '/dist/'))
  // The daemon serves the documentation, so it travels with it.
  for (const page of [...sourceFiles('docs/**/*.md'), ...sourceFiles('docs/ci/*.yml')])
    copy(page, join(root, 'packages/sallyport/dist', page.slice(root.length + 1)))
  console.log(`built ${packages.length} packages`)
}
process.exitCode = code

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  cpSync(from, to)
}
