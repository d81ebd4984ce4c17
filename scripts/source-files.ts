import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './paths.ts'

/** Absolute paths of the files that match the patterns, sorted; patterns are relative to the checkout. */
export function sourceFiles(...patterns: string[]): string[] {
  const outside = (path: string) => /(^|\/)(node_modules|dist)(\/|$)/.test(path)
  return globSync(patterns, { cwd: root, exclude: (path) => outside(path) })
    .map((path) => join(root, path))
    .filter((path) => existsSync(path))
    .sort()
}
