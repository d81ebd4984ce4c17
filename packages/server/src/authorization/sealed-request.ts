import { lookupKey } from '@sallyport/protocol'
import type { AuthorizationRequest } from '../model/authorization-request.ts'
import { openUnder, sealUnder } from '../secrets.ts'

/** The values of a request that are the client's own and mean nothing to the server: they lie sealed in the store. */
const sealed = ['state', 'nonce'] as const

/** A request as it is kept in the row of an interaction. */
export function sealRequest(handle: string, request: AuthorizationRequest): AuthorizationRequest {
  const kept: { -readonly [key in (typeof sealed)[number]]?: string } = {}
  for (const name of sealed) {
    const value = request[name]
    if (value !== undefined) kept[name] = sealUnder(handle, value, `${name} ${lookupKey(handle)}`)
  }
  return { ...request, ...kept }
}

/** The request as it was sent; `undefined` when a value was not sealed under this handle. */
export function openRequest(handle: string, request: AuthorizationRequest): AuthorizationRequest | undefined {
  const opened: { -readonly [key in (typeof sealed)[number]]?: string } = {}
  for (const name of sealed) {
    const value = request[name]
    if (value === undefined) continue
    const text = openUnder(handle, value, `${name} ${lookupKey(handle)}`)
    if (text === undefined) return undefined
    opened[name] = text
  }
  return { ...request, ...opened }
}
