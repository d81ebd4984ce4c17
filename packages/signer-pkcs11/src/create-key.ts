import { randomBytes } from 'node:crypto'
import type { JwsAlgorithm } from '@sallyport/protocol'
import { ExternalKeyFault } from '@sallyport/server'
import { attribute, mechanism } from './constants.ts'
import { mechanismOf, Template, ulongBytes, type Attribute } from './memory.ts'
import { isTaken } from './objects.ts'
import { createSessions, type TokenOptions } from './sessions.ts'

const yes = Buffer.of(1)
const no = Buffer.of(0)
const curve = (oid: string): Attribute => [attribute.ecParameters, Buffer.from(oid, 'hex')]
const p256 = curve('06082a8648ce3d030107')
const edwards25519 = curve('130c656477617264733235353139')
const rsa: readonly Attribute[] = [
  [attribute.modulusBits, ulongBytes(2048)],
  [attribute.publicExponent, Buffer.of(1, 0, 1)],
]

type Kind = { readonly mechanism: number; readonly parameters: readonly Attribute[] }

const kinds: Readonly<Record<JwsAlgorithm, Kind>> = {
  ES256: { mechanism: mechanism.ecKeyPair, parameters: [p256] },
  EdDSA: { mechanism: mechanism.edwardsKeyPair, parameters: [edwards25519] },
  Ed25519: { mechanism: mechanism.edwardsKeyPair, parameters: [edwards25519] },
  PS256: { mechanism: mechanism.rsaKeyPair, parameters: rsa },
  RS256: { mechanism: mechanism.rsaKeyPair, parameters: rsa },
}

/** Makes a key on the token that signs and does nothing else, and that nobody can take off it. Never over another one. */
export async function createPkcs11Key(options: TokenOptions, alg: JwsAlgorithm, name: string): Promise<void> {
  const patient = { ...options, sessions: 1, timeout: Math.max(options.timeout ?? 0, 60_000) }
  const sessions = createSessions(patient, 'write')
  const common: readonly Attribute[] = [
    [attribute.token, yes],
    [attribute.label, Buffer.from(name, 'utf8')],
    [attribute.id, randomBytes(16)],
  ]
  const publicTemplate = new Template([...common, [attribute.verify, yes], ...kinds[alg].parameters])
  const privateTemplate = new Template([
    ...common,
    [attribute.private, yes],
    [attribute.sensitive, yes],
    [attribute.extractable, no],
    [attribute.sign, yes],
  ])
  try {
    await sessions.run(async (session, module) => {
      if (await isTaken({ module, session }, name))
        throw new ExternalKeyFault(`there is something with the name ${name} on the token`, 'choose another name')
      const what = `the key ${name} cannot be made`
      const [first, second] = [publicTemplate, privateTemplate]
      await module.call(
        ...([
          what,
          'C_GenerateKeyPair',
          session,
          mechanismOf(kinds[alg].mechanism),
          first,
          first.attributes.length,
        ] as const),
        ...([second, second.attributes.length, ulongBytes(), ulongBytes()] as const),
      )
    })
  } finally {
    await sessions.close()
  }
}
