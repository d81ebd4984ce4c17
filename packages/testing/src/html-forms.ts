/** A form as it stands in a page. */
export type HtmlForm = {
  readonly id: string | undefined
  readonly action: string
  readonly method: 'GET' | 'POST'
  /** Names and values that are sent without anybody touching the form. */
  readonly fields: Readonly<Record<string, string>>
  /** Names of every field that can be filled in or ticked. */
  readonly names: readonly string[]
  readonly buttons: readonly { readonly name: string | undefined; readonly value: string }[]
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** Replaces the entities that the server's pages use by their characters. */
export const decodeEntities = (text: string): string =>
  text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{1,6}));/gi,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (decimal !== undefined) return String.fromCodePoint(Number(decimal))
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16))
      return entities[name ?? ''] ?? whole
    },
  )

function attributesOf(tag: string): Record<string, string> {
  const attributes: Record<string, string> = {}
  for (const [, name = '', quoted, apostrophed, bare] of tag.matchAll(
    /(?<![a-z-])([a-z-]+)(?:="([^"]*)"|='([^']*)'|=([^\s">']+))?(?=[\s>/]|$)/gi,
  )) {
    attributes[name.toLowerCase()] = decodeEntities(quoted ?? apostrophed ?? bare ?? '')
  }
  return attributes
}

const tagsOf = (html: string, name: string): Record<string, string>[] =>
  [...html.matchAll(new RegExp(`<${name}\\b([^>]*)>`, 'gi'))].map(([, inside]) => attributesOf(inside ?? ''))

function formOf(opening: string, content: string): HtmlForm {
  const { id, action, method } = attributesOf(opening)
  const inputs = tagsOf(content, 'input').filter((input) => input['name'] !== undefined)
  const fields: Record<string, string> = {}
  const names: string[] = []
  for (const input of inputs) {
    const name = input['name'] ?? ''
    const ticked = !['checkbox', 'radio'].includes(input['type'] ?? '') || 'checked' in input
    if (ticked) fields[name] = input['value'] ?? ''
    if (input['type'] !== 'hidden') names.push(name)
  }
  const buttons = tagsOf(content, 'button').map((button) => ({ name: button['name'], value: button['value'] ?? '' }))
  return { id, action: action ?? '', method: method?.toUpperCase() === 'POST' ? 'POST' : 'GET', fields, names, buttons }
}

/** The forms of a page, in order. Meant for the pages of this server, not for any HTML there is. */
export const formsOf = (html: string): readonly HtmlForm[] =>
  [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)].map(([, opening, content]) =>
    formOf(opening ?? '', content ?? ''),
  )
