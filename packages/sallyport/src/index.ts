export { runCommandLine } from './command-line.ts'
export { version } from './version.ts'
