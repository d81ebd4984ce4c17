import { lookupKey } from '@sallyport/protocol'
import type { AuthorizationRequest } from '../model/authorization-request.ts'
import { isPageRequest, type PageRequest } from '../model/interaction.ts'
import { openUnder, sealUnder } from '../secrets.ts'

type AnyRequest = AuthorizationRequest | PageRequest

/** The values of a request that are the client's own and mean nothing to the server: they lie sealed in the store. */
const ofClient: readonly string[] = ['state', 'nonce'] satisfies (keyof AuthorizationRequest)[]
/** A user code is short and still good, so it lies sealed as well. */
const ofPage: readonly string[] = ['userCode'] satisfies (keyof PageRequest)[]

/** The request with each sealed member changed; `undefined` when one cannot be. */
function changed<T extends AnyRequest>(
  handle: string,
  request: T,
  change: (value: string, context: string) => string | undefined,
): T | undefined {
  const members = request as Readonly<Record<string, unknown>>
  const made: Record<string, string> = {}
  for (const name of isPageRequest(request) ? ofPage : ofClient) {
    const value = members[name]
    if (typeof value !== 'string') continue
    const text = change(value, `${name} ${lookupKey(handle)}`)
    if (text === undefined) return undefined
    made[name] = text
  }
  return { ...request, ...made }
}

/** A request as it is kept in the row of an interaction. */
export const sealRequest = <T extends AnyRequest>(handle: string, request: T): T =>
  changed(handle, request, (value, context) => sealUnder(handle, value, context)) ?? request

/** The request as it was sent; `undefined` when a value was not sealed under this handle. */
export const openRequest = <T extends AnyRequest>(handle: string, request: T): T | undefined =>
  changed(handle, request, (value, context) => openUnder(handle, value, context))
