/** Letters of other scripts, and signs, that people read as a Latin letter. Lower case, after NFKC. */
const looksLike: Readonly<Record<string, string>> = {
  а: 'a',
  в: 'b',
  е: 'e',
  к: 'k',
  м: 'm',
  н: 'h',
  о: 'o',
  р: 'p',
  с: 'c',
  т: 't',
  у: 'y',
  х: 'x',
  ѕ: 's',
  і: 'i',
  ј: 'j',
  ԁ: 'd',
  ӏ: 'l',
  ѵ: 'v',
  ԛ: 'q',
  ԝ: 'w',
  ո: 'n',
  ս: 'u',
  օ: 'o',
  α: 'a',
  β: 'b',
  ε: 'e',
  ι: 'i',
  κ: 'k',
  ν: 'v',
  ο: 'o',
  ρ: 'p',
  τ: 't',
  υ: 'u',
  χ: 'x',
  γ: 'y',
  η: 'n',
  ω: 'w',
  ı: 'l',
  ł: 'l',
  ø: 'o',
  đ: 'd',
  ħ: 'h',
  ŧ: 't',
  ɑ: 'a',
  ɡ: 'g',
  ɩ: 'l',
  ʟ: 'l',
  ᴏ: 'o',
  '0': 'o',
  '1': 'l',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  $: 's',
  '@': 'a',
  '|': 'l',
  '!': 'l',
  i: 'l',
}

/** What is left of a name when everything is taken away that a hasty reader does not see. */
export function skeleton(name: string): string {
  let plain = ''
  for (const letter of name.normalize('NFKD').toLowerCase()) {
    const shown = looksLike[letter] ?? letter
    if (/[\p{L}\p{N}]/u.test(shown)) plain += looksLike[shown] ?? shown
  }
  return plain.replaceAll('rn', 'm').replaceAll('vv', 'w')
}

/** Shorter names occur inside of honest ones, and only count as a whole. */
const shortest = 5

/** True when people could take the name for a reserved one, or for a part of the organisation behind it (A-DCR-12, DC-14). */
export function looksLikeReserved(name: string, reserved: readonly string[]): boolean {
  const seen = skeleton(name)
  return reserved
    .map(skeleton)
    .some((own) => own !== '' && (seen === own || (own.length >= shortest && seen.includes(own))))
}
