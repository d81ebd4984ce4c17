type Edge = { readonly from: string; readonly to: string }

/** The groups of files that reach each other (Tarjan's strongly connected components), each sorted. */
export function cycles(edges: readonly Edge[]): string[][] {
  const next = new Map<string, string[]>()
  for (const { from, to } of edges) next.set(from, [...(next.get(from) ?? []), to])
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const path: string[] = []
  const open = new Set<string>()
  const groups: string[][] = []

  const visit = (node: string): void => {
    index.set(node, index.size)
    low.set(node, index.size - 1)
    path.push(node)
    open.add(node)
    for (const target of next.get(node) ?? []) {
      if (!index.has(target)) visit(target)
      if (open.has(target)) low.set(node, Math.min(low.get(node) ?? 0, low.get(target) ?? 0))
    }
    if (low.get(node) !== index.get(node)) return
    const group = path.splice(path.indexOf(node))
    for (const member of group) open.delete(member)
    const alone = group.length === 1 && !(next.get(node) ?? []).includes(node)
    if (!alone) groups.push(group.sort())
  }

  for (const node of next.keys()) if (!index.has(node)) visit(node)
  return groups
}
