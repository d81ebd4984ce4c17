const begin = performance.now()

/** One line of progress on standard error, so that standard output carries only the result. */
export function progress(line: string): void {
  const seconds = ((performance.now() - begin) / 1000).toFixed(0).padStart(4)
  process.stderr.write(`${seconds} s  ${line}\n`)
}
