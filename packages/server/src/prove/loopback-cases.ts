import { isLoopbackRedirect } from '@sallyport/protocol'
import { honestRequest, openEntries, seenAt as answered } from './authorize-entries.ts'
import type { ProofClient } from './proof-clients.ts'
import { freshPair, type ProvingGround } from './proving-ground.ts'
import { issue, redeem, seenAt } from './redemption.ts'
import type { ProofCase } from './report.ts'
import { invalidGrant, runSteps, tokens, type SteppedCase } from './steps.ts'

const askFor = async (ground: ProvingGround, client: ProofClient, redirectUri: string): Promise<string> => {
  const request = honestRequest(client, freshPair(ground.random).challenge, ground)
  const [entry] = openEntries(ground)
  return answered(await entry.send(ground, client, { ...request, redirect_uri: redirectUri }))
}

const gets = (requirement: string, title: string, uris: readonly string[], expected?: string): SteppedCase => ({
  requirement,
  title,
  steps: async (ground, client) => {
    const seen: [string, string][] = []
    for (const uri of uris) seen.push([expected ?? openEntries(ground)[0].mismatch, await askFor(ground, client, uri)])
    return seen
  },
})

/** The one thing about a redirect URI that may differ is the port on this machine, and only in the request (A-REDIR-05 to -07). */
const loopback: readonly SteppedCase[] = [
  gets(
    'A-REDIR-05',
    'control: any port, or none',
    ['http://127.0.0.1/cb', 'http://127.0.0.1:1/cb', 'http://127.0.0.1:65535/cb'],
    '303 with a code',
  ),
  gets('A-REDIR-05', 'another host, path, query or scheme', [
    'http://127.0.0.2:5000/cb',
    'http://[::1]:5000/cb',
    'http://127.0.0.1:5000/cb2',
    'http://127.0.0.1:5000/cb?x=1',
    'https://127.0.0.1:5000/cb',
    'http://127.0.0.1:5000@evil.invalid/cb',
  ]),
  gets('A-REDIR-06', 'localhost for the literal', ['http://localhost:5000/cb']),
  gets('A-REDIR-07', 'a port that is none', [
    'http://127.0.0.1:0/cb',
    'http://127.0.0.1:65536/cb',
    'http://127.0.0.1:080/cb',
  ]),
  {
    requirement: 'A-CODE-07',
    title: 'another port at the token endpoint, then the right one',
    steps: async (ground, client) => {
      const issued = await issue(ground, client)
      const elsewhere = issued.redirectUri.replace(/:\d+\//, ':1/')
      return [
        [invalidGrant, seenAt(await redeem(ground, issued, { redirect_uri: elsewhere }))],
        [tokens, seenAt(await redeem(ground, issued))],
      ]
    },
  },
]

/** Every case about the port of one client; none for a client that does not listen on its own machine. */
export const loopbackCases = async (ground: ProvingGround, client: ProofClient): Promise<readonly ProofCase[]> =>
  client.record.redirectUris.some(isLoopbackRedirect) ? runSteps({ ground, entry: 'loopback', client }, loopback) : []
