import { join } from 'node:path'

/** The folder of the checkout. */
export const root = join(import.meta.dirname, '..')

/** What the bootstrap fetched for this checkout. */
export const runtimeDir = join(root, '.runtime')

/** Scratch space of checks and tests; safe to delete at any time. */
export const tmpDir = join(root, '.tmp')

/** Where `npm test` leaves its reports. */
export const reportDir = join(root, 'test-report')

/** A program of a development dependency, called by its file because two packages may own one name in .bin. */
export const tool = (path: string): string => join(root, 'node_modules', path)
