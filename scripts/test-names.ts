import ts from 'typescript'
import { isRequirementId } from './requirements.ts'

/** One test or group as it stands in a file; a name that is built at run time is known up to its first variable part. */
export type TestName = {
  readonly title: string
  readonly line: number
  /** Requirement ids at the start of the name, or of the name of a group around it. */
  readonly ids: readonly string[]
  /** Set when the test does not run as a matter of course: `skip`, `only`, `todo` and the like. */
  readonly held?: string
}

const holds = ['skip', 'skipIf', 'runIf', 'only', 'todo', 'fails']

/** Every `it` and `test` of a source file, also those behind `.each`, `.for` or a generator. */
export function testNamesIn(path: string, text: string): TestName[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const names: TestName[] = []
  const visit = (node: ts.Node, outer: readonly string[]): void => {
    const call = testCall(node)
    if (call === undefined) return ts.forEachChild(node, (child) => visit(child, outer))
    const line = file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1
    const ids = [...new Set([...outer, ...leadingIds(call.title)])]
    const held = call.modifiers.find((modifier) => holds.includes(modifier))
    if (call.kind === 'test' || held !== undefined) {
      names.push({
        title: call.title,
        line,
        ids: call.kind === 'test' ? ids : [],
        ...(held === undefined ? {} : { held }),
      })
    }
    ts.forEachChild(node, (child) => visit(child, ids))
  }
  visit(file, [])
  return names
}

/** `A-PKCE-04, A-PKCE-05 refuses …` gives both ids. */
export function leadingIds(title: string): string[] {
  const words = title.split(/[\s,;:/&+]+/)
  const end = words.findIndex((word) => !isRequirementId(word))
  return end < 0 ? words : words.slice(0, end)
}

type TestCall = { readonly kind: 'test' | 'group'; readonly title: string; readonly modifiers: readonly string[] }

function testCall(node: ts.Node): TestCall | undefined {
  if (!ts.isCallExpression(node)) return undefined
  const title = node.arguments[0] && literalStart(node.arguments[0])
  if (title === undefined) return undefined
  const modifiers: string[] = []
  let callee: ts.Expression = node.expression
  for (;;) {
    if (ts.isPropertyAccessExpression(callee)) {
      modifiers.push(callee.name.text)
      callee = callee.expression
    } else if (ts.isCallExpression(callee)) callee = callee.expression
    else if (ts.isTaggedTemplateExpression(callee)) callee = callee.tag
    else break
  }
  if (!ts.isIdentifier(callee)) return undefined
  if (callee.text === 'it' || callee.text === 'test') return { kind: 'test', title, modifiers }
  return callee.text === 'describe' ? { kind: 'group', title, modifiers } : undefined
}

function literalStart(node: ts.Expression): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text
  return ts.isTemplateExpression(node) ? node.head.text : undefined
}
