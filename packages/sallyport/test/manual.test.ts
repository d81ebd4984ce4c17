import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const page = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../docs/${name}`, import.meta.url)), 'utf8')

/** Code blocks of a page in one language. */
const samples = (text: string, language: string): number => text.split(`\n\`\`\`${language}`).length - 1

// That the samples compile and the commands are there is decided by the checks of the documentation.
describe('the manual', () => {
  it('A-GOV-09 has PKCE for each kind of client, with code, and what to do about pkce_required', () => {
    const text = page('errors/pkce-required.md')
    for (const kind of ['(server-side, Node)', '(browser)', 'AppAuth for Android', 'AppAuth for iOS'])
      expect(text).toContain(kind)
    expect(text).toContain('## Why you see it')
    expect(text).toContain('sallyport explain')
    expect(samples(text, 'ts')).toBeGreaterThanOrEqual(3)
  })

  it('A-GOV-09 walks through the first client', () => {
    expect(page('first-client.md')).toContain('sallyport client create')
    expect(page('index.md')).toContain('(first-client.md)')
  })

  it('A-GOV-09 has a checklist for moving existing applications, in the order in which to mend them', () => {
    const text = page('migration.md')
    const points = [
      ...['Take stock', 'Send a code challenge', 'Leave the implicit flow', 'Leave the password grant'],
      ...[
        'Write redirect URIs out',
        'Expect a new refresh token',
        'Keep tokens out of addresses',
        'Follow the coverage',
      ],
    ]
    const places = points.map((point) => text.indexOf(`**${point}`))
    expect(places.every((place) => place > 0)).toBe(true)
    expect(places).toEqual([...places].sort((a, b) => a - b))
  })

  it('A-GOV-09 has a policy for exceptions to copy, and says what incidents mean', () => {
    const text = page('governance.md')
    for (const part of [
      '### A policy for exceptions to copy',
      '## Incidents',
      '## Coverage',
      '## Tightening in stages',
    ])
      expect(text).toContain(part)
    for (const command of ['exception create', 'exception revoke', 'coverage', 'incidents', 'client contain'])
      expect(text).toContain(`sallyport ${command}`)
  })
})
