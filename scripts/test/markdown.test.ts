import { describe, expect, it } from 'vitest'
import { errorPageFindings, reasonLineFindings } from '../error-pages.ts'
import { codeBlocksIn } from '../markdown-code.ts'
import { commandsIn } from '../readme-commands.ts'

describe('Markdown', () => {
  it('finds fenced code with its line, its marks and without the indentation of a list', () => {
    const text = [
      'text',
      '```ts continued',
      'a()',
      '',
      '  b()',
      '```',
      '- item',
      '  ```sh',
      '  npm start',
      '  ```',
    ].join('\n')
    expect(codeBlocksIn(text)).toEqual([
      { language: 'ts', marks: ['continued'], code: 'a()\n\n  b()', line: 3 },
      { language: 'sh', marks: [], code: 'npm start', line: 9 },
    ])
  })

  it('keeps shorter fences inside longer ones as text', () => {
    expect(codeBlocksIn('````md\n```ts\nx\n```\n````')[0]?.code).toBe('```ts\nx\n```')
  })

  it('reads commands without comments and with continued lines', () => {
    const text =
      '```sh\n# first\nnpm start   # opens the gate\n\nsallyport client create \\\n  --type web\n```\n```\nnot a command\n```'
    expect(commandsIn(text)).toEqual(['npm start', 'sallyport client create    --type web'])
  })
})

describe('help pages', () => {
  it('finds reasons without a page and pages without a reason', () => {
    const places = { reasons: 'reasons.ts', pages: 'docs/errors' }
    const found = errorPageFindings(
      { pkce_required: { page: 'pkce' }, code_unknown: { page: 'code' } },
      ['pkce', 'old'],
      places,
    )
    expect(found).toEqual([
      { file: 'reasons.ts', message: 'code_unknown leads to docs/errors/code.md, which does not exist' },
      { file: 'docs/errors/old.md', message: 'no reason leads to this page' },
    ])
  })

  it('holds the reasons a page lists against those that lead to it', () => {
    const reasons = { pkce_required: { page: 'pkce' }, verifier_missing: { page: 'pkce' } }
    const page = (text: string) => ({ name: 'pkce', file: 'pkce.md', text })
    expect(reasonLineFindings(reasons, page('Reasons: `pkce_required`, `verifier_missing`\n'))).toEqual([])
    expect(reasonLineFindings(reasons, page('Reasons: `pkce_required`, `plain`\n'))).toEqual([
      { file: 'pkce.md', message: 'verifier_missing leads here and is not listed' },
      { file: 'pkce.md', message: 'plain is listed and does not lead here' },
    ])
    expect(reasonLineFindings(reasons, page('# PKCE'))).toHaveLength(1)
  })
})
