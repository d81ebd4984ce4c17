import { readFileSync } from 'node:fs'
import { report } from './finding.ts'
import { importsOf } from './imports.ts'
import { layerFindings } from './layers.ts'
import { sourceFiles } from './source-files.ts'
import { workspaces } from './workspace.ts'

// Holds the sources to the layers of the design: downward only, no siblings, no circles, no corridors.
const files = sourceFiles('packages/*/src/**/*.ts').map((path) => ({
  path,
  imports: importsOf(path, readFileSync(path, 'utf8')),
}))
report(`layers of ${files.length} files`, layerFindings(workspaces(), files))
