/** Loaded for those who want to see one only. */
const library = async () => (await import('qrcode')).default

/**
 * An address as a QR code of characters: with colours of its own at a terminal, whose background may be dark, else in blocks.
 * Long addresses make codes that no window holds; they give `undefined`.
 */
export async function qrForTerminal(address: string, colours: boolean): Promise<string | undefined> {
  if (address.length > maxLength) return undefined
  const options = { errorCorrectionLevel: 'L' } as const
  return (await library()).toString(
    address,
    colours ? { ...options, type: 'terminal', small: true } : { ...options, type: 'utf8' },
  )
}

const maxLength = 200

/** An address as a QR code in SVG, to stand in a page: paths and nothing else. */
export const qrAsSvg = async (address: string): Promise<string> =>
  (await library()).toString(address, { type: 'svg', errorCorrectionLevel: 'M', margin: 2 })
