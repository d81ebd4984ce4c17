import { deviceGrant } from '@sallyport/server'
import { askAs, type Answered, type World } from '../client-requests.ts'
import { flowScope, type DemoClient } from '../demo.ts'

/** A client without a secret says who it is in the form. */
const named = ({ id, secret }: DemoClient): Record<string, string> => (secret === undefined ? { client_id: id } : {})

/** Asks for the two codes, with a challenge (RFC 8628 section 3.1). */
export const askForCodes = (world: World, client: DemoClient, challenge: string): Promise<Answered> =>
  askAs(world, client, '/oauth2/device_authorization', {
    ...named(client),
    scope: flowScope,
    resource: world.demo.addresses.api,
    code_challenge: challenge,
    code_challenge_method: 'S256',
  })

export type Question = { readonly deviceCode: string; readonly verifier: string | undefined }

/** Asks how things stand (RFC 8628 section 3.4). */
export const askForTokens = (world: World, client: DemoClient, { deviceCode, verifier }: Question): Promise<Answered> =>
  askAs(world, client, '/oauth2/token', {
    ...named(client),
    grant_type: deviceGrant,
    device_code: deviceCode,
    ...(verifier === undefined ? {} : { code_verifier: verifier }),
  })
