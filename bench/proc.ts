import { readFileSync } from 'node:fs'

/** Linux counts CPU time for /proc in hundredths of a second, whatever the kernel's own tick is. */
const microsPerTick = 10_000

const readText = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** A process and all that descend from it. */
export function processTree(pid: number): number[] {
  const children = readText(`/proc/${pid}/task/${pid}/children`).trim()
  return [pid, ...(children === '' ? [] : children.split(' ').flatMap((child) => processTree(Number(child))))]
}

/** CPU time of a process with its threads and children so far, in microseconds. */
export function cpuMicros(pid: number): number {
  let ticks = 0
  for (const member of processTree(pid)) {
    const stat = readText(`/proc/${member}/stat`)
    // The name in parentheses may hold blanks, so fields are counted from behind it: utime and stime are 14 and 15.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0)
  }
  return ticks * microsPerTick
}

/** Memory in RAM of a process with its children, in bytes. */
export function residentBytes(pid: number): number {
  let kibibytes = 0
  for (const member of processTree(pid)) {
    kibibytes += Number(/^VmRSS:\s+(\d+) kB$/m.exec(readText(`/proc/${member}/status`))?.[1] ?? 0)
  }
  return kibibytes * 1024
}

/** CPU time all cores have spent working (not idle, not waiting for the disk) or were denied by the host, in microseconds. */
export function busyMicros(): number {
  const [, ...fields] = (readText('/proc/stat').split('\n')[0] ?? '').split(/\s+/)
  const [user = 0, nice = 0, system = 0, , , interrupt = 0, softInterrupt = 0, stolen = 0] = fields.map(Number)
  return (user + nice + system + interrupt + softInterrupt + stolen) * microsPerTick
}
