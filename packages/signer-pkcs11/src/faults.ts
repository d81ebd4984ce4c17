import { ExternalKeyFault } from '@sallyport/server'

type Meaning = {
  readonly name: string
  readonly remedy: string
  /** The session, and maybe the token, is gone: whatever was known of it is forgotten. */
  readonly lost?: boolean
}

const vendor = 'look into the log of the device and the manual of its module'
const plugIn = 'put the token back, or start the service behind the module; the server finds it again by itself'
const pin =
  'correct the PIN in externalKeys.pin and start again; it is tried once, since a token locks itself after a few'
const rights = 'give the key the right to sign (CKA_SIGN), or name another one'
const kind = 'name a key of the right kind for this algorithm, or another algorithm'

const meanings: Readonly<Record<number, Meaning>> = {
  0x2: { name: 'CKR_HOST_MEMORY', remedy: 'give the server more memory' },
  0x3: { name: 'CKR_SLOT_ID_INVALID', remedy: plugIn, lost: true },
  0x5: { name: 'CKR_GENERAL_ERROR', remedy: vendor, lost: true },
  0x6: { name: 'CKR_FUNCTION_FAILED', remedy: vendor, lost: true },
  0x30: { name: 'CKR_DEVICE_ERROR', remedy: vendor, lost: true },
  0x31: { name: 'CKR_DEVICE_MEMORY', remedy: 'make room on the device' },
  0x32: { name: 'CKR_DEVICE_REMOVED', remedy: plugIn, lost: true },
  0x60: { name: 'CKR_KEY_HANDLE_INVALID', remedy: 'restore the key', lost: true },
  0x62: { name: 'CKR_KEY_SIZE_RANGE', remedy: kind },
  0x63: { name: 'CKR_KEY_TYPE_INCONSISTENT', remedy: kind },
  0x68: { name: 'CKR_KEY_FUNCTION_NOT_PERMITTED', remedy: rights },
  0x70: { name: 'CKR_MECHANISM_INVALID', remedy: 'use an algorithm that the token has' },
  0x71: { name: 'CKR_MECHANISM_PARAM_INVALID', remedy: 'use an algorithm that the token has' },
  0x82: { name: 'CKR_OBJECT_HANDLE_INVALID', remedy: 'restore the key', lost: true },
  0x90: { name: 'CKR_OPERATION_ACTIVE', remedy: vendor, lost: true },
  0xa0: { name: 'CKR_PIN_INCORRECT', remedy: pin },
  0xa1: { name: 'CKR_PIN_INVALID', remedy: pin },
  0xa2: { name: 'CKR_PIN_LEN_RANGE', remedy: pin },
  0xa3: { name: 'CKR_PIN_EXPIRED', remedy: 'set a new PIN on the token and in externalKeys.pin' },
  0xa4: { name: 'CKR_PIN_LOCKED', remedy: 'let the security officer unlock the token' },
  0xb0: { name: 'CKR_SESSION_CLOSED', remedy: plugIn, lost: true },
  0xb1: { name: 'CKR_SESSION_COUNT', remedy: 'allow more sessions on the token, or use fewer here' },
  0xb3: { name: 'CKR_SESSION_HANDLE_INVALID', remedy: plugIn, lost: true },
  0xe0: { name: 'CKR_TOKEN_NOT_PRESENT', remedy: plugIn, lost: true },
  0xe1: { name: 'CKR_TOKEN_NOT_RECOGNIZED', remedy: plugIn, lost: true },
  0xe2: { name: 'CKR_TOKEN_WRITE_PROTECTED', remedy: 'let the token be written' },
  0x101: { name: 'CKR_USER_NOT_LOGGED_IN', remedy: plugIn, lost: true },
  0x102: { name: 'CKR_USER_PIN_NOT_INITIALIZED', remedy: 'set a user PIN on the token first' },
  0x104: { name: 'CKR_USER_ANOTHER_ALREADY_LOGGED_IN', remedy: 'let the other user log out' },
  0x190: { name: 'CKR_CRYPTOKI_NOT_INITIALIZED', remedy: vendor, lost: true },
}

/** A function of the module returned an error. */
export class ModuleFault extends ExternalKeyFault {
  readonly code: number
  /** True when sessions and handles are worth nothing any more. */
  readonly lost: boolean

  constructor(what: string, code: number) {
    const known = meanings[code]
    super(`${what}: the module answers ${known?.name ?? `0x${code.toString(16)}`}`, known?.remedy ?? vendor)
    this.name = 'ModuleFault'
    this.code = code
    this.lost = known?.lost ?? false
  }
}

/** True when the token did not like the PIN: another try with the same one brings it nearer to being locked. */
export const isPinFault = (error: unknown): error is ModuleFault =>
  error instanceof ModuleFault && error.code >= 0xa0 && error.code <= 0xa4
