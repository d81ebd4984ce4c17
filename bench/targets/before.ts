import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Target } from './target.ts'

/**
 * Sallyport of another checkout, as the bench of that checkout starts it: what a change costs, measured in turns with
 * this one. The other checkout has its dependencies installed.
 */
export function sallyportBefore(checkout: string): Target {
  const bench = join(resolve(checkout), 'bench/targets/sallyport.ts')
  return {
    name: 'before',
    label: 'Sallyport before, SQLite',
    missing: () => (existsSync(bench) ? undefined : `${bench} does not exist`),
    provision: async (folder, port) => {
      const { sallyport } = (await import(pathToFileURL(bench).href)) as { readonly sallyport: Target }
      return sallyport.provision(folder, port)
    },
  }
}
