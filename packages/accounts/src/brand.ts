/** The colours of one mode, as CSS colours; everything on the pages is one of these nine. */
export type BrandColours = {
  /** Behind everything. */
  readonly background: string
  /** Of the sheet the page is written on. */
  readonly surface: string
  readonly text: string
  /** Secondary text; needs 4.5 : 1 on surface and background (WCAG 1.4.3). */
  readonly muted: string
  /** Borders of fields and buttons; needs 3 : 1 on the surface (WCAG 1.4.11). */
  readonly line: string
  /** Main button, links, focus ring; needs 4.5 : 1 on the surface. */
  readonly accent: string
  /** Text on the accent. */
  readonly onAccent: string
  /** Text and rule of a problem; needs 4.5 : 1 on the surface. */
  readonly problem: string
  /** Behind notes and warnings; text stands on it. */
  readonly note: string
}

/** All that makes the pages somebody's own. */
export type Brand = {
  readonly name: string
  readonly light: BrandColours
  readonly dark: BrandColours
  /** Width and height from 24 to 48 units, no script, no style; stands in the page and is the icon. `currentColor` is the accent. */
  readonly logo: string
}

/** A gate within a gate: the second opens only for the one who came through the first. */
const gate =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="32" height="32" fill="none" aria-hidden="true">' +
  '<path d="M4 29V15a12 12 0 0 1 24 0v14" stroke="currentColor" stroke-width="2.5" stroke-linecap="round"/>' +
  '<path d="M10 29V16a6 6 0 0 1 12 0v13z" fill="currentColor"/></svg>'

/** The look of Sallyport itself: slate and sandstone. */
export const sallyportBrand: Brand = {
  name: 'Sallyport',
  light: {
    background: '#f3f1ec',
    surface: '#fffefb',
    text: '#1c2427',
    muted: '#55605f',
    line: '#87918f',
    accent: '#0d5f63',
    onAccent: '#ffffff',
    problem: '#a1261d',
    note: '#f6ecd2',
  },
  dark: {
    background: '#12181a',
    surface: '#1a2225',
    text: '#ebe8e1',
    muted: '#a6b1b0',
    line: '#6d7a7b',
    accent: '#7fcfc9',
    onAccent: '#0b2224',
    problem: '#ffa99f',
    note: '#3a3320',
  },
  logo: gate,
}
