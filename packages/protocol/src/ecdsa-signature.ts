/** Bytes of one coordinate of a P-256 signature. */
const coordinate = 32

/**
 * The fixed-length signature of RFC 7518 section 3.4 from the DER form that the platform makes. Converting costs less than
 * asking node:crypto for the fixed form, which makes its callers take a path twice as slow.
 */
export function ecdsaFromDer(der: Uint8Array): Buffer {
  const raw = Buffer.alloc(coordinate * 2)
  // SEQUENCE (2 bytes: at most 72 follow), then twice INTEGER with one length byte.
  let offset = 2
  for (let end = coordinate; end <= coordinate * 2; end += coordinate) {
    const length = der[offset + 1] ?? 0
    const start = offset + 2
    // A leading zero keeps the integer positive and is no part of the coordinate.
    const skip = length > coordinate ? length - coordinate : 0
    raw.set(der.subarray(start + skip, start + length), end - (length - skip))
    offset = start + length
  }
  return raw
}

function integer(raw: Uint8Array): Buffer {
  let start = 0
  while (start < coordinate - 1 && raw[start] === 0) start++
  const positive = ((raw[start] ?? 0) & 0x80) !== 0
  return Buffer.concat([
    Buffer.of(2, coordinate - start + (positive ? 1 : 0)),
    positive ? Buffer.of(0) : Buffer.alloc(0),
    raw.subarray(start),
  ])
}

/** The DER form of a fixed-length signature of 64 bytes. */
export function ecdsaToDer(raw: Uint8Array): Buffer {
  const r = integer(raw.subarray(0, coordinate))
  const s = integer(raw.subarray(coordinate, coordinate * 2))
  return Buffer.concat([Buffer.of(0x30, r.length + s.length), r, s])
}
