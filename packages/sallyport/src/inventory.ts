import { isPublic, type AuthorizationListing, type Client, type LastUse, type Store } from '@sallyport/server'
import type { Call } from './command.ts'
import { doorRecord, doorText } from './door.ts'
import { exitCode, type ExitCode } from './failure.ts'
import { eachPage } from './pages.ts'
import { reviewDate } from './review-date.ts'
import { instant, table } from './terminal.ts'
import { inWorkplace } from './workplace.ts'

/** Everything an operator has to know of a client to decide whether it may stay (A-GOV-05). */
export type InventoryLine = {
  readonly client: Client
  readonly lastUse: LastUse | undefined
  /** Authorizations of people that stand. */
  readonly grantsHeld: number
  readonly hosts: readonly string[]
  /** Days since the newest secret was made. */
  readonly secretAge: number | undefined
  readonly reviewBy: number
}

const day = 86_400

const hostOf = (uri: string): string => {
  const { host, protocol } = new URL(uri)
  return host === '' ? protocol : host
}

const stands = ({ authorization, revokedAt }: AuthorizationListing, now: number): boolean =>
  revokedAt === undefined && authorization.expiresAt > now

/** Counts grants in one walk over all of them, because there is no index from clients to grants. */
async function grantsByClient({ admin }: Pick<Store, 'admin'>, now: number): Promise<ReadonlyMap<string, number>> {
  const held = new Map<string, number>()
  let after: string | undefined
  do {
    const page = await admin.listAuthorizations({}, after, 200)
    for (const listing of page.items) {
      const { clientId } = listing.authorization
      if (stands(listing, now)) held.set(clientId, (held.get(clientId) ?? 0) + 1)
    }
    after = page.next
  } while (after !== undefined)
  return held
}

export async function inventoryOf(
  store: Pick<Store, 'admin' | 'usage'>,
  now: number,
): Promise<readonly InventoryLine[]> {
  const held = await grantsByClient(store, now)
  const lines: InventoryLine[] = []
  for (const client of await eachPage((after) => store.admin.listClients(after, 200))) {
    const newest = Math.max(...client.secrets.map(({ createdAt }) => createdAt))
    lines.push({
      client,
      lastUse: await store.usage.lastUse(client.id),
      grantsHeld: held.get(client.id) ?? 0,
      hosts: [...new Set(client.redirectUris.map(hostOf))],
      secretAge: client.secrets.length === 0 ? undefined : Math.floor((now - newest) / day),
      reviewBy: reviewDate(client),
    })
  }
  return lines
}

/** Prints the inventory; a review that is overdue is a finding. */
export async function listInventory(call: Call): Promise<ExitCode> {
  return inWorkplace(await call.config(), async ({ store, now }) => {
    const lines = await inventoryOf(store, now())
    const overdue = lines.filter(({ client, reviewBy }) => client.disabledAt === undefined && reviewBy <= now())
    const rows = lines.map((line) => row(line, now()))
    call.terminal.data(
      { clients: lines.map(record), overdue: overdue.map(({ client }) => client.id) },
      rows.length === 0 ? 'no clients yet; make one with: sallyport client create' : table(header, rows),
    )
    return overdue.length === 0 ? exitCode.ok : exitCode.found
  })
}

const header = [
  ...['ID', 'NAME', 'KIND', 'DOOR', 'STATE', 'OWNER', 'LAST USE', 'GRANTS', 'SECRET', 'HOSTS', 'SCOPES', 'RESOURCES'],
  'REVIEW BY',
]

/** The first few, so that a line stays a line; JSON has all of them. */
const few = (list: readonly string[]): string => `${list.slice(0, 3).join(' ')}${list.length > 3 ? ' …' : ''}`

const date = (at: number | undefined): string => instant(at).slice(0, 10)

function row({ client, lastUse, grantsHeld, hosts, secretAge, reviewBy }: InventoryLine, now: number): string[] {
  return [
    client.id,
    client.name.slice(0, 30),
    `${client.type}, ${isPublic(client) ? 'public' : 'confidential'}`,
    doorText(client),
    client.disabledAt === undefined ? 'active' : 'disabled',
    client.owner ?? 'nobody',
    lastUse?.usedAt === undefined ? 'never seen' : date(lastUse.usedAt),
    String(grantsHeld),
    secretAge === undefined ? '' : `${secretAge} d`,
    few(hosts),
    few(client.scope),
    // Without a list it may ask for tokens for each of them.
    client.resources === undefined ? 'every one' : few(client.resources),
    `${date(reviewBy)}${reviewBy <= now ? ' OVERDUE' : ''}`,
  ]
}

const record = ({ client, lastUse, grantsHeld, hosts, secretAge, reviewBy }: InventoryLine) => ({
  client_id: client.id,
  client_name: client.name,
  type: client.type,
  confidential: !isPublic(client),
  ...doorRecord(client),
  profile: client.profile,
  security_level: client.securityLevel,
  owner: client.owner,
  purpose: client.purpose,
  scope: client.scope.join(' '),
  resources: client.resources,
  require_pushed_authorization_requests: client.requirePushedRequests,
  require_signed_request_object: client.requireSignedRequests,
  request_object_signing_alg: client.requestObjectAlgorithm,
  redirect_hosts: hosts,
  last_used_at: lastUse?.usedAt === undefined ? undefined : instant(lastUse.usedAt),
  library: lastUse?.library,
  grants_held: grantsHeld,
  secret_age_days: secretAge,
  secrets: client.secrets.map(({ id, createdAt, expiresAt }) => {
    const usedAt = lastUse?.secrets[id]
    return {
      id,
      created_at: instant(createdAt),
      expires_at: instant(expiresAt),
      last_used_at: usedAt === undefined ? undefined : instant(usedAt),
    }
  }),
  review_by: instant(reviewBy),
  disabled_at: client.disabledAt === undefined ? undefined : instant(client.disabledAt),
})
