import { appendToRedirectUri, formActionSource, matchRedirectUri, redirectUriFault } from '@sallyport/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const registered = [
  'https://app.test/cb',
  'https://app.test/cb?tenant=1',
  'com.example.app:/cb',
  'http://127.0.0.1/cb',
  'http://[::1]:8080/cb?x=1',
]

/** A URI made by small changes to a registered one. */
const mutated = fc
  .tuple(
    fc.constantFrom(...registered),
    fc.array(
      fc.tuple(
        fc.nat(60),
        fc.constantFrom(
          '',
          'x',
          '/',
          '.',
          '..',
          '%2e',
          '%2f',
          '@',
          ':',
          ':443',
          '?',
          '#',
          '\\',
          ' ',
          '\t',
          'A',
          '\u0000',
          '//',
          '*',
          ':0',
          ':1',
          ':65536',
          ':99',
        ),
      ),
      { minLength: 1, maxLength: 3 },
    ),
    fc.constantFrom('insert', 'replace', 'delete'),
  )
  .map(([uri, edits, how]) => {
    let text = uri
    for (const [position, piece] of edits) {
      const at = position % (text.length + 1)
      text = text.slice(0, at) + (how === 'delete' ? '' : piece) + text.slice(how === 'insert' ? at : at + 1)
    }
    return text
  })

const withoutPort = (uri: string): string | undefined => {
  const [, host, port, rest] = /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(?::(\d+))?([/?].*)?$/s.exec(uri) ?? []
  if (host === undefined) return undefined
  const possible = port === undefined || (/^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65535)
  return possible ? `${host} ${rest ?? ''}` : undefined
}

describe('matching', () => {
  it('RU-01, A-REDIR-01 for a web client only the registered strings match', () => {
    fc.assert(
      fc.property(
        fc.oneof(mutated, fc.webUrl({ withQueryParameters: true, withFragments: true }), fc.string()),
        (uri) => matchRedirectUri(uri, registered, 'web') === (registered.includes(uri) ? uri : undefined),
      ),
      { numRuns: 5000 },
    )
  })

  it('RU-03, A-REDIR-05 for a native client only those and port variants of the loopback ones', () => {
    fc.assert(
      fc.property(fc.oneof(mutated, fc.string()), (uri) => {
        const matched = matchRedirectUri(uri, registered, 'native')
        const bare = withoutPort(uri)
        const allowed =
          registered.includes(uri) || (bare !== undefined && registered.some((other) => withoutPort(other) === bare))
        return (matched !== undefined) === allowed
      }),
      { numRuns: 5000 },
    )
  })

  it('A-REDIR-05 every port from 1 to 65535 matches, whichever is registered', () => {
    for (const port of [1, 80, 443, 8080, 49_152, 65_535])
      for (const other of ['http://127.0.0.1/cb', 'http://127.0.0.1:9/cb'])
        expect(matchRedirectUri(`http://127.0.0.1:${port}/cb`, [other], 'native')).toBe(other)
  })

  it('A-REDIR-06 the name and the addresses of this machine are three different things', () => {
    const hosts = ['127.0.0.1', '[::1]', 'localhost']
    for (const one of hosts)
      for (const other of hosts)
        expect(matchRedirectUri(`http://${one}:1/cb`, [`http://${other}/cb`], 'native') !== undefined).toBe(
          one === other,
        )
  })
})

describe('registration', () => {
  it('RU-04 whatever may be registered is a URL without fragment, user and wildcard, or a reverse-domain scheme', () => {
    const candidates = fc.oneof(
      mutated,
      fc.webUrl({ withQueryParameters: true, withFragments: true }),
      fc.string(),
      fc.webUrl().map((url) => url.replace('//', '//u@')),
    )
    fc.assert(
      fc.property(candidates, fc.constantFrom('web' as const, 'native' as const), (uri, type) => {
        if (redirectUriFault(uri, type) !== undefined) return
        expect(uri).toMatch(
          /^(?:https:\/\/[^/?#@\\]+\/|http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost)(?::\d+)?[/]|[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:\/(?!\/))[\x21-\x7e]*$/,
        )
        expect(uri).not.toMatch(/[#*\\\s]/)
        if (type === 'web') expect(uri.startsWith('https://')).toBe(true)
      }),
      { numRuns: 5000 },
    )
  })

  it('IN-02 long rubbish takes no time', () => {
    for (const piece of ['a', '/', '@', '.', ' ', '-', 'http://127.0.0.1', 'a.', '%2e/', './']) {
      const from = performance.now()
      const uri = `https://x/${piece.repeat(50_000)}`
      redirectUriFault(uri, 'native')
      matchRedirectUri(uri, [uri], 'native')
      matchRedirectUri(piece.repeat(50_000), registered, 'native')
      expect(performance.now() - from).toBeLessThan(5_000)
    }
  })
})

describe('the response address', () => {
  it('A-REDIR-03 keeps the registered query as it is', () => {
    expect(appendToRedirectUri('https://a.test/cb', 'code=1')).toBe('https://a.test/cb?code=1')
    expect(appendToRedirectUri('https://a.test/cb?', 'code=1')).toBe('https://a.test/cb?code=1')
    expect(appendToRedirectUri('https://a.test/cb?x=%20', 'code=1')).toBe('https://a.test/cb?x=%20&code=1')
    expect(appendToRedirectUri('com.example:/cb?x&', 'code=1')).toBe('com.example:/cb?x&code=1')
  })

  it('A-UI-02 its source for form-action is scheme and host, or the private scheme', () => {
    expect(formActionSource('https://a.test:8443/x?y')).toBe('https://a.test:8443')
    expect(formActionSource('http://[::1]:5/cb')).toBe('http:')
    expect(formActionSource('com.example.app:/cb')).toBe('com.example.app:')
  })
})
