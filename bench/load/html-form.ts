/** A form of a page as a browser would submit it. */
export interface HtmlForm {
  readonly action: string
  readonly method: string
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly buttons: readonly (readonly [name: string, value: string])[]
}

const attribute = (tag: string, name: string): string | undefined => {
  const found = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, 'i').exec(tag)
  const value = found?.[1] ?? found?.[2]
  return value === undefined ? undefined : unescapeHtml(value)
}

const unescapeHtml = (text: string): string =>
  text
    .replaceAll(/&#x([0-9a-f]+);/gi, (_whole, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
    .replaceAll(/&#(\d+);/g, (_whole, decimal: string) => String.fromCodePoint(Number(decimal)))
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')

/** The forms of a page, with hidden fields and ticked boxes; enough HTML for pages that servers render themselves. */
export function formsOf(html: string): HtmlForm[] {
  const forms: HtmlForm[] = []
  for (const [, tag = '', inner = ''] of html.matchAll(/(<form\b[^>]*>)([\s\S]*?)<\/form>/gi)) {
    const fields: [string, string][] = []
    for (const [input] of inner.matchAll(/<input\b[^>]*>/gi)) {
      const name = attribute(input, 'name')
      if (name !== undefined) fields.push([name, attribute(input, 'value') ?? 'on'])
    }
    const buttons: [string, string][] = []
    for (const [button] of inner.matchAll(/<button\b[^>]*>/gi)) {
      const name = attribute(button, 'name')
      if (name !== undefined) buttons.push([name, attribute(button, 'value') ?? ''])
    }
    forms.push({ action: attribute(tag, 'action') ?? '', method: attribute(tag, 'method') ?? 'get', fields, buttons })
  }
  return forms
}
