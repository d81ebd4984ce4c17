import type { Operation } from '../deployment.ts'
import { codeIn, freshValues } from './authorize.ts'
import { push, redeemBound } from './fapi-flow.ts'
import { codeFlow, redeemCode } from './operations.ts'
import { signIn } from './sign-in.ts'
import { openActor, type Actor, type Subject } from './subject.ts'

/** Signs every browser in and shows that its next request needs no page any more. */
export async function signInBrowsers(subject: Subject): Promise<void> {
  const resources = [...new Set([subject.deployment.resource, subject.deployment.introspectionResource])]
  for (let index = 0; index < subject.browsers.length; index += 1) {
    const actor = await openActor(subject, index)
    for (const resource of resources) {
      const fresh = freshValues()
      const location = await visit(subject, actor, subject.authorizeStart(resource) + fresh.query)
      await redeemCode(subject, actor, codeIn(location, subject, fresh.state), fresh.verifier, resource)
    }
    await codeFlow(subject, actor, subject.deployment.resource, true)
    if (subject.bank !== undefined) await signInToBank(subject, actor)
    actor.connection.close()
  }
}

const visit = ({ deployment, authorizeUrl }: Subject, { connection, jar }: Actor, path: string): Promise<string> =>
  signIn({ connection, jar, deployment }, new URL(path, authorizeUrl))

async function signInToBank(subject: Subject, actor: Actor): Promise<void> {
  const fresh = freshValues()
  const location = await visit(subject, actor, await push(subject, actor, fresh))
  await redeemBound(subject, actor, codeIn(location, subject, fresh.state), fresh.verifier)
}

const poolSize = 256
/** Access tokens live 300 s; a pool is renewed well before that. */
const poolAge = 120_000

async function tokensOf(
  subject: Subject,
  actors: readonly Actor[],
  resource: string,
  kind: 'accessToken' | 'refreshToken',
) {
  const tokens: string[] = []
  let left = poolSize
  const draw = async (actor: Actor): Promise<void> => {
    while (left > 0) {
      left -= 1
      const token = (await codeFlow(subject, actor, resource, false))[kind]
      if (token !== undefined) tokens.push(token)
    }
  }
  await Promise.all(actors.map(draw))
  return tokens
}

/** Makes what an operation starts from: refresh token chains, or tokens to ask about. */
export async function stockUp(subject: Subject, actors: readonly Actor[], operation: Operation): Promise<void> {
  const { accessPool, refreshPool, refreshTokens, deployment } = subject
  if (operation === 'introspect_access' && Date.now() - accessPool.madeAt > poolAge) {
    accessPool.tokens = await tokensOf(subject, actors, deployment.introspectionResource, 'accessToken')
    accessPool.madeAt = Date.now()
  }
  if (operation === 'introspect_refresh' && refreshPool.tokens.length === 0) {
    refreshPool.tokens = await tokensOf(subject, actors, deployment.resource, 'refreshToken')
  }
  if (operation !== 'refresh') return
  for (const actor of actors) {
    const known = refreshTokens[actor.index]
    refreshTokens[actor.index] =
      known ?? (await codeFlow(subject, actor, deployment.resource, false)).refreshToken ?? ''
  }
}
