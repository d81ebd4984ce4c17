import { sha256Bytes, toBase64url } from '@sallyport/protocol'
import { isClientId } from '@sallyport/server'

/**
 * The id of a client that is declared under a name: the same on every machine, so that applications can be given it before
 * anything is applied. A name that has the shape of an id is one.
 */
export const declaredClientId = (key: string): string =>
  isClientId(key) ? key : `client_${toBase64url(sha256Bytes(Buffer.from(`declared client\n${key}`)).subarray(0, 16))}`

/** The id of an exception that is declared under a name; one name stands for one exception, also after its end. */
export const declaredExceptionId = (key: string): string =>
  /^exception_[\w-]{1,64}$/.test(key)
    ? key
    : `exception_${toBase64url(sha256Bytes(Buffer.from(`declared exception\n${key}`)).subarray(0, 16))}`
