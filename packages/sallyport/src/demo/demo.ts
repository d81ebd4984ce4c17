/** Origins of the three programs of the demo, without a closing slash. */
export type DemoAddresses = {
  readonly issuer: string
  /** The demo app; its server side is the client. */
  readonly app: string
  /** The protected API. Its origin is also its resource identifier. */
  readonly api: string
  /** The MCP server. Its resource identifier is the address at which it is called, below this origin. */
  readonly mcp: string
}

/** The registered clients of the demo, by what they are for. */
export const demoClientNames = [
  'web',
  'bench',
  'attacker',
  'pushing',
  'spa',
  'native',
  'device',
  'api',
  'watch',
  'treasury',
] as const
export type DemoClientName = (typeof demoClientNames)[number]

/** A registered client as the demo needs it: everything here is for development and may be shown. */
export type DemoClient = {
  readonly id: string
  readonly name: string
  /** `undefined` for public clients. */
  readonly secret: string | undefined
  /** The URI of the demo app that gets its answers; empty for those that get none. */
  readonly redirectUri: string
}

/** A private key on P-256 as a JWK. */
export type RequestKey = Readonly<Record<'kty' | 'crv' | 'x' | 'y' | 'd', string>>

/** What was seeded: enough to sign in and to act as each client. */
export type Demo = {
  readonly addresses: DemoAddresses
  readonly username: string
  readonly password: string
  readonly clients: Readonly<Record<DemoClientName, DemoClient>>
  /** The key that the client which pushes can sign its requests with. */
  readonly requestKey: RequestKey
  /** What the authenticator of the person makes its codes from, in base64url: the pages show its code, for want of a phone. */
  readonly authenticator: string
}

/** Scope that guards the API. */
export const ordersScope = 'orders.read'

/** Scopes of the MCP server: of every request, and of the tool that does something. */
export const gateScopes = { look: 'gate.read', open: 'gate.open' } as const

/** The address of the MCP server, as its clients are given it. */
export const gateAddress = ({ mcp }: DemoAddresses): string => `${mcp}/mcp`

/** Scope of the flow that people run. */
export const flowScope = `openid profile email offline_access ${ordersScope}`
