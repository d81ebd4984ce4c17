/**
 * Milliseconds of processor time that this process spent while `act` ran. A busy machine makes everything wait, but nothing
 * cost more: a test may ask for this where it must not ask for the time of day. Whatever else the process does meanwhile counts too.
 */
export async function processorTime(act: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await act()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
