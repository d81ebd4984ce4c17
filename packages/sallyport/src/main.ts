import { existsSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

// Compiled code is kept with the checkout or the package: where only those who may change the code itself can write.
const runtime = fileURLToPath(new URL('../../../.runtime', import.meta.url))
enableCompileCache(
  existsSync(runtime) ? `${runtime}/compile-cache` : fileURLToPath(new URL('../.cache', import.meta.url)),
)

const { runCommandLine } = await import('./command-line.ts')

process.exitCode = await runCommandLine(process.argv.slice(2))
