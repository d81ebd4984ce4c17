import koffi from 'koffi'

/** Bytes of CK_ULONG and of a pointer; everything below is written for this one size. */
const word = 8

/** True where a CK_ULONG and a pointer have 64 bits and structures are laid out as the C compiler likes best. */
export const fitsThisMachine = (): boolean =>
  process.platform !== 'win32' && koffi.sizeof('ulong') === word && koffi.sizeof('void *') === word

/** Room for one CK_ULONG that the module writes. */
export function ulongBytes(value = 0): Buffer {
  const bytes = Buffer.alloc(word)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

export const readUlong = (bytes: Buffer, index = 0): bigint => bytes.readBigUInt64LE(index * word)

/** A length that the module wrote; one for "not available" is none. */
export function readLength(bytes: Buffer, index: number, most: number): number | undefined {
  const length = readUlong(bytes, index)
  return length <= BigInt(most) ? Number(length) : undefined
}

/** One attribute of an object: its type, and the bytes of its value. */
export type Attribute = readonly [type: number, value: Buffer]

const attributeWords = 3

/** A structure with pointers, and what they point at: passed as a whole, so that none of it goes before the call is over. */
export type Pointing = { readonly bytes: Buffer; readonly pointsAt: readonly Buffer[] }

/** A template (CK_ATTRIBUTE[]). */
export class Template implements Pointing {
  readonly bytes: Buffer
  readonly pointsAt: readonly Buffer[]
  readonly attributes: readonly Attribute[]

  constructor(attributes: readonly Attribute[]) {
    this.attributes = attributes
    this.pointsAt = attributes.map(([, value]) => value)
    this.bytes = Buffer.alloc(attributes.length * attributeWords * word)
    for (const [index, [type, value]] of attributes.entries()) {
      const at = index * attributeWords * word
      this.bytes.writeBigUInt64LE(BigInt(type), at)
      this.bytes.writeBigUInt64LE(koffi.address(value), at + word)
      this.bytes.writeBigUInt64LE(BigInt(value.length), at + 2 * word)
    }
  }

  /** The value that the module wrote; `undefined` when there is none. */
  value(index: number): Buffer | undefined {
    const room = this.attributes[index]?.[1] ?? Buffer.alloc(0)
    const length = readLength(this.bytes, index * attributeWords + 2, room.length)
    return length === undefined ? undefined : room.subarray(0, length)
  }
}

/** A mechanism (CK_MECHANISM) with its parameter. */
export function mechanismOf(type: number, parameter?: Buffer): Pointing {
  const bytes = Buffer.alloc(3 * word)
  bytes.writeBigUInt64LE(BigInt(type))
  if (parameter !== undefined) {
    bytes.writeBigUInt64LE(koffi.address(parameter), word)
    bytes.writeBigUInt64LE(BigInt(parameter.length), 2 * word)
  }
  return { bytes, pointsAt: parameter === undefined ? [] : [parameter] }
}

/** Three numbers in sequence (CK_RSA_PKCS_PSS_PARAMS). */
export const ulongs = (...values: readonly number[]): Buffer => Buffer.concat(values.map((value) => ulongBytes(value)))
