import { askAs, type Answered, type World } from '../client-requests.ts'
import { ordersScope } from '../demo.ts'
import { exchange } from '../exchange.ts'

export const tokenAddress = ({ demo }: World): string => `${demo.addresses.issuer}/oauth2/token`

/** The operation of the API, as it stands in proofs. */
export const ordersAddress = ({ demo }: World): string => `${demo.addresses.api}/orders`

/** Asks for a token of the API, as a program that acts for itself; the token is bound to the key of the proof. */
export const askForToken = (world: World, proof: string | undefined): Promise<Answered> =>
  askAs(
    world,
    world.demo.clients.watch,
    '/oauth2/token',
    { grant_type: 'client_credentials', resource: world.demo.addresses.api, scope: ordersScope },
    proof === undefined ? {} : { DPoP: proof },
  )

/** How a token is shown to the API. */
export type Showing = { readonly scheme: 'DPoP' | 'Bearer'; readonly proof: string | undefined }

export const showToken = (world: World, token: string, { scheme, proof }: Showing): Promise<Answered> =>
  exchange({
    url: ordersAddress(world),
    headers: {
      Accept: 'application/json',
      Authorization: `${scheme} ${token}`,
      ...(proof === undefined ? {} : { DPoP: proof }),
    },
  })
