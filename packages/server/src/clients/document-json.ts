const maxDepth = 5

/** Reads a JSON object that says each thing once (A-CIMD-04); the fault in a word otherwise. */
export function parseDocument(body: Uint8Array): Readonly<Record<string, unknown>> | string {
  let text: string
  let value: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
  } catch {
    return 'is not UTF-8'
  }
  try {
    value = JSON.parse(text)
  } catch {
    return 'is not JSON'
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'is not a JSON object'
  return structureFault(text) ?? Object.assign(Object.create(null) as Record<string, unknown>, value)
}

/** What `JSON.parse` lets pass: members that come twice, and depth. Only for text that it accepted. */
function structureFault(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = []
  for (const match of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]]/g)) {
    const [token] = match
    if (token === '{' || token === '[') {
      open.push(token === '{' ? new Set() : undefined)
      if (open.length > maxDepth) return `is nested deeper than ${maxDepth}`
    } else if (token === '}' || token === ']') open.pop()
    else if (/^\s*:/.test(text.slice(match.index + token.length, match.index + token.length + 20))) {
      const names = open.at(-1)
      const name = String(JSON.parse(token))
      if (names?.has(name) === true) return 'has a member twice'
      names?.add(name)
    }
  }
  return undefined
}
