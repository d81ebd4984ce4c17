import { createPublicKey, type KeyObject } from 'node:crypto'
import { ExternalKeyFault } from '@sallyport/server'
import { attribute, keyType, objectClass, returned } from './constants.ts'
import { ModuleFault } from './faults.ts'
import { readLength, readUlong, Template, ulongBytes, type Attribute } from './memory.ts'
import type { Module } from './module.ts'

/** A module and one session with it. */
export type At = { readonly module: Module; readonly session: bigint }

const mostFound = 4
const roomForValue = 2048

/** Handles of the objects that have these attributes, at most four. */
async function findObjects({ module, session }: At, wanted: readonly Attribute[]): Promise<readonly bigint[]> {
  const template = new Template(wanted)
  const what = 'keys cannot be looked for'
  await module.call(what, 'C_FindObjectsInit', session, template, template.attributes.length)
  const handles = Buffer.alloc(mostFound * 8)
  const count = ulongBytes()
  try {
    await module.call(what, 'C_FindObjects', session, handles, mostFound, count)
  } finally {
    await module.raw('C_FindObjectsFinal', session)
  }
  return Array.from({ length: readLength(count, 0, mostFound) ?? 0 }, (_, index) => readUlong(handles, index))
}

/** The value of one attribute; `undefined` when the object has none or does not show it. */
async function read({ module, session }: At, object: bigint, type: number): Promise<Buffer | undefined> {
  const template = new Template([[type, Buffer.alloc(roomForValue)]])
  const code = await module.raw('C_GetAttributeValue', session, object, template, 1)
  if (code === returned.attributeUnknown || code === returned.attributeSensitive) return undefined
  if (code !== returned.ok) throw new ModuleFault('a key cannot be read', code)
  const value = template.value(0)
  return value === undefined || value.length === 0 ? undefined : value
}

const isTrue = (value: Buffer | undefined): boolean => value?.[0] === 1
const text = (value: string): Buffer => Buffer.from(value, 'utf8')
const ofClass = (value: number): Attribute => [attribute.class, ulongBytes(value)]

/** True when something has this name already. */
export const isTaken = async (at: At, name: string): Promise<boolean> =>
  (await findObjects(at, [[attribute.label, text(name)]])).length > 0

/** The handle of the one private key of this name, when it may sign without anybody beside it. */
export async function findPrivateKey(at: At, name: string): Promise<bigint> {
  const found = await findObjects(at, [ofClass(objectClass.privateKey), [attribute.label, text(name)]])
  const [handle] = found
  if (handle === undefined)
    throw new ExternalKeyFault(`there is no private key ${name} on the token`, 'make it, or correct its name')
  if (found.length > 1)
    throw new ExternalKeyFault(`two private keys have the name ${name}`, 'give one of them another label (CKA_LABEL)')
  if (!isTrue(await read(at, handle, attribute.sign)))
    throw new ExternalKeyFault(`the key ${name} may not sign`, 'give it the right to sign (CKA_SIGN)')
  if (isTrue(await read(at, handle, attribute.alwaysAuthenticate)))
    throw new ExternalKeyFault(
      `the key ${name} asks for the PIN before every signature`,
      'make a key without CKA_ALWAYS_AUTHENTICATE',
    )
  return handle
}

/** The public half: the object of the same name, or else of the same id. */
async function publicHalf(at: At, name: string, privateKey: bigint): Promise<bigint | undefined> {
  const [named] = await findObjects(at, [ofClass(objectClass.publicKey), [attribute.label, text(name)]])
  if (named !== undefined) return named
  const id = await read(at, privateKey, attribute.id)
  if (id === undefined) return undefined
  const [same] = await findObjects(at, [ofClass(objectClass.publicKey), [attribute.id, id]])
  return same
}

type Jwk = Record<string, string>
const url = (bytes: Buffer): string => bytes.toString('base64url')
const p256 = '06082a8648ce3d030107'

/** The point of a curve: bare, or in an OCTET STRING as version 2.40 wants it. */
function point(value: Buffer, length: number): Buffer | undefined {
  if (value.length === length) return value
  return value.length === length + 2 && value[0] === 4 && value[1] === length ? value.subarray(2) : undefined
}

async function ecJwk(at: At, object: bigint): Promise<Jwk | undefined> {
  const curve = await read(at, object, attribute.ecParameters)
  const value = await read(at, object, attribute.ecPoint)
  const bytes = value === undefined || curve?.toString('hex') !== p256 ? undefined : point(value, 65)
  if (bytes?.[0] !== 4) return undefined
  return { kty: 'EC', crv: 'P-256', x: url(bytes.subarray(1, 33)), y: url(bytes.subarray(33)) }
}

async function edwardsJwk(at: At, object: bigint): Promise<Jwk | undefined> {
  const value = await read(at, object, attribute.ecPoint)
  const bytes = value === undefined ? undefined : point(value, 32)
  return bytes === undefined ? undefined : { kty: 'OKP', crv: 'Ed25519', x: url(bytes) }
}

async function rsaJwk(at: At, object: bigint): Promise<Jwk | undefined> {
  const modulus = await read(at, object, attribute.modulus)
  const exponent = await read(at, object, attribute.publicExponent)
  if (modulus === undefined || exponent === undefined) return undefined
  const bare = (bytes: Buffer): Buffer => bytes.subarray(bytes.findIndex((byte) => byte !== 0))
  return { kty: 'RSA', n: url(bare(modulus)), e: url(bare(exponent)) }
}

/** Reads the public half of a key. An RSA key has it in itself; a key of a curve needs the object beside it. */
export async function readPublicKey(at: At, name: string, privateKey: bigint): Promise<KeyObject> {
  const kind = await read(at, privateKey, attribute.keyType)
  const type = kind === undefined ? -1 : Number(readUlong(kind))
  const object = (await publicHalf(at, name, privateKey)) ?? privateKey
  const jwk =
    type === keyType.ec
      ? await ecJwk(at, object)
      : type === keyType.edwards
        ? await edwardsJwk(at, object)
        : type === keyType.rsa
          ? await rsaJwk(at, object)
          : undefined
  if (jwk !== undefined) {
    try {
      return createPublicKey({ key: jwk, format: 'jwk' })
    } catch {
      // Said below: bytes that are no key, such as a point that is not on its curve.
    }
  }
  throw new ExternalKeyFault(
    `the public half of the key ${name} cannot be read`,
    'keep the public key on the token, with the same label; P-256, Ed25519 and RSA are read',
  )
}
