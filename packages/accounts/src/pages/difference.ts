/** A stretch of a text that is, or is not, the same in the other text. */
export type Stretch = { readonly text: string; readonly differs: boolean }

/** Both texts in stretches, and where they part, counted from 1. */
export type Difference = {
  readonly left: readonly Stretch[]
  readonly right: readonly Stretch[]
  readonly position: number
}

/** Beyond this the middle is marked as a whole: the table would grow with the square. */
const maxMiddle = 400

function append(stretches: Stretch[], text: string, differs: boolean): void {
  if (text === '') return
  const last = stretches.at(-1)
  if (last?.differs === differs) stretches[stretches.length - 1] = { text: last.text + text, differs }
  else stretches.push({ text, differs })
}

const same = (left: string, right: string): number => {
  let count = 0
  while (count < left.length && left[count] === right[count]) count++
  return count
}

const reversed = (text: string): string => [...text].reverse().join('')

/** How many characters two texts have in common at their beginning and their end, less the length of the longer one. */
function likeness(left: string, right: string): number {
  const start = same(left, right)
  const end = Math.min(same(reversed(left), reversed(right)), Math.min(left.length, right.length) - start)
  return start + end - Math.max(left.length, right.length)
}

/** The texts, the one that is most like the first at the front; the others keep their order. */
export function nearestFirst(text: string, others: readonly string[]): readonly string[] {
  const scored = others.map((other) => ({ other, score: likeness(text, other) }))
  const best = Math.max(...scored.map(({ score }) => score))
  const nearest = scored.find(({ score }) => score === best)
  if (nearest === undefined) return others
  return [nearest.other, ...scored.filter((one) => one !== nearest).map((one) => one.other)]
}

/** Lengths of the longest common subsequences of all endings of two texts. */
function commonLengths(left: string, right: string): readonly (readonly number[])[] {
  const table = Array.from({ length: left.length + 1 }, () => new Array<number>(right.length + 1).fill(0))
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      const row = table[i] ?? []
      const below = table[i + 1] ?? []
      row[j] = left[i] === right[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0)
    }
  }
  return table
}

function markMiddle(left: string, right: string, out: { left: Stretch[]; right: Stretch[] }): void {
  if (left.length > maxMiddle || right.length > maxMiddle) {
    append(out.left, left, true)
    append(out.right, right, true)
    return
  }
  const table = commonLengths(left, right)
  let i = 0
  let j = 0
  while (i < left.length || j < right.length) {
    const same = i < left.length && j < right.length && left[i] === right[j]
    const takeLeft =
      same || j >= right.length || (i < left.length && (table[i + 1]?.[j] ?? 0) >= (table[i]?.[j + 1] ?? 0))
    const takeRight = same || !takeLeft
    if (takeLeft) append(out.left, left[i++] ?? '', !same)
    if (takeRight) append(out.right, right[j++] ?? '', !same)
  }
}

/** Tells two texts apart, character by character; for texts that are equal no stretch differs and the position is 0. */
export function difference(left: string, right: string): Difference {
  const out: { left: Stretch[]; right: Stretch[] } = { left: [], right: [] }
  if (left === right) {
    append(out.left, left, false)
    append(out.right, right, false)
    return { ...out, position: 0 }
  }
  const shorter = Math.min(left.length, right.length)
  let start = 0
  while (start < shorter && left[start] === right[start]) start++
  let end = 0
  while (end < shorter - start && left.at(-1 - end) === right.at(-1 - end)) end++
  append(out.left, left.slice(0, start), false)
  append(out.right, right.slice(0, start), false)
  markMiddle(left.slice(start, left.length - end), right.slice(start, right.length - end), out)
  append(out.left, left.slice(left.length - end), false)
  append(out.right, right.slice(right.length - end), false)
  return { ...out, position: start + 1 }
}
