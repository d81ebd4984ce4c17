import type { Page } from '@sallyport/server'

/** All items of a list that comes in pages. */
export async function eachPage<T>(read: (after: string | undefined) => Promise<Page<T>>): Promise<readonly T[]> {
  const items: T[] = []
  let after: string | undefined
  do {
    const page = await read(after)
    items.push(...page.items)
    after = page.next
  } while (after !== undefined)
  return items
}
