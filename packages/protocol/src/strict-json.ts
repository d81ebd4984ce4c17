/** Why a JSON text is not taken. */
export type JsonFault = 'syntax' | 'depth' | 'members' | 'duplicate'

/** Deepest nesting, and most members and entries of all objects and arrays together. */
const maxDepth = 8
const maxMembers = 1000

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const stringToken = /"[^"\\]*(?:\\.[^"\\]*)*"/y
const nameMark = /\s*:/y

/**
 * Looks for what `JSON.parse` takes in silence: members that occur twice, of which two readers may believe different ones
 * (RFC 8259 section 4), and text that is nested or crowded beyond any honest document. The text is known to be JSON.
 */
function structureFault(text: string): JsonFault | undefined {
  // For each open object the names so far; `undefined` for an array.
  const open: (Set<string> | undefined)[] = []
  let members = 0
  for (let index = 0; index < text.length; index++) {
    const character = text[index]
    if (character === '{' || character === '[') {
      open.push(character === '{' ? new Set() : undefined)
      if (open.length > maxDepth) return 'depth'
    } else if (character === '}' || character === ']') open.pop()
    else if (character === ',' && ++members > maxMembers) return 'members'
    else if (character === '"') {
      stringToken.lastIndex = index
      const token = stringToken.exec(text)?.[0] ?? '""'
      index += token.length - 1
      const names = open.at(-1)
      nameMark.lastIndex = index + 1
      if (names === undefined || !nameMark.test(text)) continue
      const name = JSON.parse(token) as string
      if (names.has(name)) return 'duplicate'
      names.add(name)
    }
  }
  return undefined
}

/**
 * Reads a JSON object from outside: UTF-8, bounded in depth and members, no member twice. The outermost object has no
 * prototype. Never throws.
 */
export function parseStrictJson(bytes: Uint8Array): Readonly<Record<string, unknown>> | JsonFault {
  let value: unknown
  let text: string
  try {
    text = decoder.decode(bytes)
    value = JSON.parse(text)
  } catch {
    return 'syntax'
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'syntax'
  return structureFault(text) ?? Object.assign(Object.create(null) as Record<string, unknown>, value)
}

/** Reads a JSON array from outside, within the same bounds. Never throws. */
export function parseStrictArray(text: string): readonly unknown[] | JsonFault {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return 'syntax'
  }
  return Array.isArray(value) ? (structureFault(text) ?? value) : 'syntax'
}
