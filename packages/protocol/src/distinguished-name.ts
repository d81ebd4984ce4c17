/** One attribute of a name: its OID and its text. */
export type NameAttribute = readonly [oid: string, text: string]

/** A distinguished name, in the order of a certificate: the widest part first, each a set of attributes. */
export type DistinguishedName = readonly (readonly NameAttribute[])[]

/** Short names of RFC 4514 section 3, and others that are in use, in lower case. */
const oids: Readonly<Record<string, string>> = {
  cn: '2.5.4.3',
  sn: '2.5.4.4',
  serialnumber: '2.5.4.5',
  c: '2.5.4.6',
  l: '2.5.4.7',
  st: '2.5.4.8',
  street: '2.5.4.9',
  o: '2.5.4.10',
  ou: '2.5.4.11',
  title: '2.5.4.12',
  businesscategory: '2.5.4.15',
  postalcode: '2.5.4.17',
  givenname: '2.5.4.42',
  gn: '2.5.4.42',
  organizationidentifier: '2.5.4.97',
  uid: '0.9.2342.19200300.100.1.1',
  dc: '0.9.2342.19200300.100.1.25',
  emailaddress: '1.2.840.113549.1.9.1',
  jurisdictionc: '1.3.6.1.4.1.311.60.2.1.3',
}

const longest = 1000
const dotted = /^(?:0|[1-9]\d{0,9})(?:\.(?:0|[1-9]\d{0,9})){1,20}$/

/** Splits at a character that no backslash stands before. */
function split(text: string, at: string): readonly string[] {
  const parts: string[] = []
  let begin = 0
  for (let index = 0; index < text.length; index++) {
    if (text[index] === '\\') index++
    else if (text[index] === at) {
      parts.push(text.slice(begin, index))
      begin = index + 1
    }
  }
  return [...parts, text.slice(begin)]
}

/** Spaces around a part mean nothing, but one that is escaped at the end is part of the value. */
function trimmed(text: string): string {
  const start = text.replace(/^ +/, '')
  let end = start.length
  while (start[end - 1] === ' ') end--
  const bare = start.slice(0, end)
  return start.length > bare.length && /(?:^|[^\\])(?:\\\\)*\\$/.test(bare) ? `${bare} ` : bare
}

const escapable = new Set([...'\\"+,;<>= #'])
const plain = /^[^\\"+,;<>\0]*$/

/** The text that a value stands for (RFC 4514 section 2.4 and 3); `undefined` for what is none. */
function unescaped(value: string): string | undefined {
  if (plain.test(value)) return value
  const bytes: Buffer[] = []
  for (let index = 0; index < value.length; index++) {
    const character = value[index] ?? ''
    if (character !== '\\') {
      if (!plain.test(character)) return undefined
      bytes.push(Buffer.from(character, 'utf8'))
      continue
    }
    const next = value[index + 1] ?? ''
    const pair = value.slice(index + 1, index + 3)
    if (escapable.has(next)) bytes.push(Buffer.from(next))
    else if (/^[0-9A-Fa-f]{2}$/.test(pair)) bytes.push(Buffer.from(pair, 'hex'))
    else return undefined
    index += escapable.has(next) ? 1 : 2
  }
  return utf8(Buffer.concat(bytes))
}

function utf8(bytes: Buffer): string | undefined {
  const text = bytes.toString('utf8')
  return Buffer.from(text).equals(bytes) ? text : undefined
}

/** A value that is written as the bytes of its BER form: UTF8String, PrintableString or IA5String. */
function fromHex(value: string): string | undefined {
  if (!/^#(?:[0-9A-Fa-f]{2}){2,250}$/.test(value)) return undefined
  const bytes = Buffer.from(value.slice(1), 'hex')
  const [tag = 0, length = 0] = bytes
  const content = bytes.subarray(2)
  return [0x0c, 0x13, 0x16].includes(tag) && length < 0x80 && content.length === length ? utf8(content) : undefined
}

function attribute(text: string): NameAttribute | undefined {
  const mark = text.indexOf('=')
  if (mark === -1) return undefined
  const type = text.slice(0, mark).trim()
  const written = trimmed(text.slice(mark + 1))
  const oid = dotted.test(type) ? type : Object.hasOwn(oids, type.toLowerCase()) ? oids[type.toLowerCase()] : undefined
  const value = written.startsWith('#') ? fromHex(written) : unescaped(written)
  return oid === undefined || value === undefined || value === '' ? undefined : [oid, value]
}

/** Reads the string form of a name (RFC 4514 section 3); `undefined` for what is none. Never throws. */
export function parseDistinguishedName(text: string): DistinguishedName | undefined {
  if (text === '' || text.length > longest) return undefined
  // The string begins with the narrowest part, a certificate with the widest (RFC 4514 section 2.1).
  const parts = split(text, ',').map((rdn) => split(rdn, '+').map(attribute))
  const rdns = parts.toReversed()
  return rdns.every((rdn): rdn is NameAttribute[] => rdn.every((one) => one !== undefined)) ? rdns : undefined
}

const sameOrder = (a: NameAttribute, b: NameAttribute): number =>
  JSON.stringify(a) < JSON.stringify(b) ? -1 : JSON.stringify(a) > JSON.stringify(b) ? 1 : 0

const canonical = (name: DistinguishedName): string => JSON.stringify(name.map((rdn) => rdn.toSorted(sameOrder)))

/**
 * Whether two names say the same: the same parts in the same order, each with the same attributes in whatever order, each value
 * to the letter (B-MTLS-04, MT-03). Never by part of a text.
 */
export const sameName = (one: DistinguishedName, other: DistinguishedName): boolean =>
  canonical(one) === canonical(other)
