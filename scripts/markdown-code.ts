export type CodeBlock = {
  /** First word behind the fence: `ts`, `sh`. */
  readonly language: string
  /** The other words behind the fence. */
  readonly marks: readonly string[]
  readonly code: string
  /** Line of the first line of code in the Markdown file. */
  readonly line: number
}

/** The fenced blocks of a Markdown text, in order. Indented fences (in lists) lose their indentation. */
export function codeBlocksIn(markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = []
  let open: { fence: string; indent: number; words: string[]; from: number; lines: string[] } | undefined
  for (const [index, line] of markdown.split('\n').entries()) {
    const fence = /^( *)(`{3,})([^`]*)$/.exec(line)
    if (open === undefined) {
      if (fence === null) continue
      const words = (fence[3] ?? '').trim().split(/\s+/)
      open = { fence: fence[2] ?? '', indent: (fence[1] ?? '').length, words, from: index + 2, lines: [] }
    } else if (fence !== null && fence[2] === open.fence && fence[3]?.trim() === '') {
      const [language = '', ...marks] = open.words
      blocks.push({ language, marks, code: open.lines.join('\n'), line: open.from })
      open = undefined
    } else open.lines.push(line.slice(Math.min(open.indent, line.length - line.trimStart().length)))
  }
  return blocks
}
