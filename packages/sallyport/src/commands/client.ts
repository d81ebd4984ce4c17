import type { Command } from 'commander'
import { clientRecord, clientText, findClient, secretUses } from '../client-record.ts'
import { doorText } from '../door.ts'
import { addCommand, addGroup, collect, withSettings, type Action, type Call } from '../command.ts'
import { exitCode, type ExitCode } from '../failure.ts'
import { eachPage } from '../pages.ts'
import { endingSecret } from '../secret-ends.ts'
import { instant, table } from '../terminal.ts'
import { inWorkplace } from '../workplace.ts'

const authenticationMethods =
  'none, client_secret_basic, client_secret_post, private_key_jwt, tls_client_auth or self_signed_tls_client_auth'

/** Adds `sallyport client …`. */
export function addClient(program: Command): void {
  const group = addGroup(program, 'client', 'applications that may ask for tokens')
  const create = described(verb(group, 'create', 'register an application', changes('createClient')))
  create.requiredOption('--type <type>', 'web, spa, native, device, service or agent')
  create.requiredOption('--name <name>', 'name that people see when they are asked for consent')
  const update = described(
    verb(group, 'update <client-id>', 'change an application; what is not named stays', changes('updateClient')),
  )
  update.option('--name <name>', 'name that people see when they are asked for consent')
  update
    .option('--no-first-party', 'people are asked for consent again')
    .option('--no-mcp', 'it may return to schemes of its own again')
    .option('--no-sector-identifier-uri', 'its sector is the host of its redirect URIs again')
    .option('--no-backchannel-logout-uri', 'it hears no more that a session has ended')
    .option('--no-backchannel-logout-session-required', 'tell it of people again, not of sessions')
    .option('--no-frontchannel-logout-uri', 'it is no more in a frame of the signed-out page')
    .option('--no-frontchannel-logout-session-required', 'do not tell it the session there')
    .option('--no-require-state', 'take its requests without state again')
    .option('--no-require-redirect-uri-at-token', 'it follows OAuth 2.1 now')
    .option('--no-require-pushed-requests', 'take requests that its users bring by themselves again')
    .option('--no-require-signed-requests', 'take requests that it did not sign again')
    .option('--no-dpop-bound-access-tokens', 'give it bearer tokens again where it sends no proof')
    .option('--no-certificate-bound-access-tokens', 'give it tokens again that are bound to no certificate')
    .option('--no-session-refresh-tokens', 'refresh tokens only with offline_access again')
    .option(
      '--disable',
      'while it is disabled nothing issued to it works; to end that for good: sallyport grant revoke',
    )
    .option('--enable', 'let it go on; what was issued to it works again unless it ended in the meantime')
  verb(group, 'get <client-id>', 'show one application', getClient)
  verb(group, 'list', 'show all applications', listClients).option(
    '--inventory',
    'with owner, purpose, door, last use, hosts, scopes, grants held, age of the secret and review date',
  )
  verb(
    group,
    'contain <client-id>',
    'stop an application that is misused: no codes, all grants revoked, evidence kept; --dry-run counts what would end',
    async (call, options, operands) => (await import('../contain-client.ts')).containClient(call, options, operands),
  )
  verb(group, 'delete <client-id>', 'remove an application and everything issued to it', changes('deleteClient'))
  addCommand(group, 'new-key', 'make a key for an application and print its public half', changes('newKey'))
    .requiredOption('--out <file>', 'where the private key goes; never over another file')
    .option('--algorithm <alg>', 'ES256, Ed25519 or PS256', 'ES256')
  verb(
    group,
    'rotate-secret <client-id>',
    'make a new secret; the old one works for the overlap',
    changes('rotateSecret'),
  )
}

type Changes = typeof import('../client-changes.ts')

/** The rules of registration are loaded only for commands that need them: lists should be quick. */
const changes =
  (name: keyof Changes): Action<object> =>
  async (call, options, operands) =>
    (await import('../client-changes.ts'))[name](call, options, operands)

function verb<O extends object>(group: Command, words: string, summary: string, action: Action<O>): Command {
  return withSettings(addCommand(group, words, summary, action), 'store', 'data')
}

function described(command: Command): Command {
  return command
    .option('--redirect-uri <uri>', 'complete address to return to; may be given several times', collect)
    .option('--allow-shared-redirect-uri', 'take an https redirect URI that another client has; the audit says so')
    .option('--post-logout-redirect-uri <uri>', 'address to return to after signing out', collect)
    .option('--backchannel-logout-uri <url>', 'https address at which it hears that a session has ended')
    .option('--backchannel-logout-session-required', 'tell it which session ended; otherwise all of the person have')
    .option(
      '--frontchannel-logout-uri <url>',
      'address on the origin of a redirect URI, in a frame of the signed-out page',
    )
    .option('--frontchannel-logout-session-required', 'tell it the session there as well')
    .option('--allowed-origin <origin>', 'origin that may call the token endpoint from a browser', collect)
    .option('--scope <scope>', 'all that it may ask for, separated by spaces')
    .option('--default-scope <scope>', 'scope of a request that names none')
    .option('--machine-scope <scope>', 'all that it may ask for when it acts for itself; as --scope when left out')
    .option('--resource <uri>', 'API it may ask tokens for; all of them when left out', collect)
    .option(
      '--authorization-details-type <type>',
      'type of authorization details it may use; every type there is when left out',
      collect,
    )
    .option(
      '--default-resource <uri>',
      'API a request is for that names none; when left out the one that the scope belongs to, or the issuer itself',
    )
    .option('--resource-server-of <uri>', 'API it is the server of, so that it may introspect tokens for it', collect)
    .option('--grant-type <type>', 'authorization_code, refresh_token or client_credentials', collect)
    .option('--authentication-method <method>', authenticationMethods)
    .option('--jwks <file>', 'its public keys: a JWK set, one JWK, or a public key as PEM')
    .option('--jwks-uri <url>', 'https address where it publishes its public keys')
    .option(
      '--authentication-algorithm <alg>',
      'the one algorithm of its assertions: ES256, Ed25519, EdDSA, PS256 or RS256',
    )
    .option('--assertion-audience <word>', 'issuer, or interop for a library that names the endpoint')
    .option('--subject-type <type>', 'public, or pairwise: each sector knows people by identifiers of its own')
    .option('--sector-identifier-uri <url>', 'document that lists its redirect URIs; its host is the sector')
    .option('--id-token-algorithm <alg>', 'RS256, PS256, ES256 or EdDSA')
    .option('--response-mode <mode>', 'one of the response modes it may ask for: query, form_post, jwt, …', collect)
    .option('--authorization-algorithm <alg>', 'of responses that it asks for as a JWT; RS256 when left out')
    .option(
      '--authorization-encryption-algorithm <alg>',
      'encrypt such responses to a key of its own: RSA-OAEP-256, ECDH-ES, ECDH-ES+A128KW or ECDH-ES+A256KW',
    )
    .option('--authorization-content-encryption <enc>', 'A128CBC-HS256 when left out, A128GCM or A256GCM')
    .option(
      '--id-token-encryption-algorithm <alg>',
      'encrypt its ID Tokens to a key of its own: RSA-OAEP-256, ECDH-ES, ECDH-ES+A128KW or ECDH-ES+A256KW',
    )
    .option('--id-token-content-encryption <enc>', 'A128CBC-HS256 when left out, A128GCM or A256GCM')
    .option('--userinfo-algorithm <alg>', 'answer UserInfo as a JWT, signed by this algorithm')
    .option('--userinfo-encryption-algorithm <alg>', 'encrypt that JWT to a key of its own')
    .option('--userinfo-content-encryption <enc>', 'A128CBC-HS256 when left out, A128GCM or A256GCM')
    .option('--introspection-algorithm <alg>', 'sign introspection answers where the request accepts a JWT')
    .option(
      '--introspection-encryption-algorithm <alg>',
      'encrypt them to a key of its own, and give no others: RSA-OAEP-256, ECDH-ES, ECDH-ES+A128KW or ECDH-ES+A256KW',
    )
    .option('--introspection-content-encryption <enc>', 'A128CBC-HS256 when left out, A128GCM or A256GCM')
    .option('--first-party', 'it is your own: consent is taken as given')
    .option('--mcp', 'it is a client of MCP servers: it returns to https or to this machine only')
    .option('--owner <name>', 'who answers for it; an agent has to have one')
    .option('--purpose <text>', 'what it is for; an agent has to have one, and people see it')
    .option('--review-by <date>', 'day at which somebody looks at it again; at most 12 months away')
    .option(
      '--client-profile <profile>',
      'hold it to oauth21, fapi2 or fapi2-message-signing, if the server demands less',
    )
    .option('--security-level <level>', 'baseline: PKCE, exact redirects, rotation; nothing lies below')
    .option('--require-state', 'refuse its requests without state')
    .option('--require-redirect-uri-at-token', 'it follows OAuth 2.0: it repeats redirect_uri at the token endpoint')
    .option(
      '--backchannel-notification-endpoint <url>',
      'https address that is told of decisions about its requests without a browser',
    )
    .option('--require-pushed-requests', 'refuse its requests that were not pushed first (RFC 9126)')
    .option('--require-signed-requests', 'refuse its requests that it did not sign (RFC 9101); needs keys')
    .option(
      '--request-object-algorithm <alg>',
      'the one algorithm of its signed requests: ES256, Ed25519, EdDSA, PS256 or RS256',
    )
    .option('--request-uri <url>', 'address its signed requests may be fetched from (policy.requestUris)', collect)
    .option('--dpop-bound-access-tokens', 'bind all its tokens to a key: no token request without a proof (DPoP)')
    .option('--tls-client-auth-subject-dn <dn>', 'its certificate has this subject, such as CN=app,O=Example')
    .option('--tls-client-auth-san-dns <host>', 'or this host name')
    .option('--tls-client-auth-san-uri <uri>', 'or this URI')
    .option('--tls-client-auth-san-ip <address>', 'or this IP address')
    .option('--tls-client-auth-san-email <address>', 'or this e-mail address')
    .option(
      '--certificate-bound-access-tokens',
      'bind all its tokens to its client certificate: no token request without one (mutual TLS)',
    )
    .option('--session-refresh-tokens', 'refresh tokens without offline_access, ending with the session')
    .option('--access-token-lifetime <seconds>', 'shorter life for its access tokens')
}

async function getClient(call: Call, _options: object, [id]: readonly string[]): Promise<ExitCode> {
  return inWorkplace(await call.config(), async (place) => {
    const client = await findClient(place, id)
    const uses = await secretUses(place, client.id)
    call.terminal.data(clientRecord(client, undefined, uses), clientText(client, undefined, uses))
    return exitCode.ok
  })
}

async function listClients(call: Call, { inventory }: { readonly inventory?: boolean }): Promise<ExitCode> {
  if (inventory === true) return (await import('../inventory.ts')).listInventory(call)
  return inWorkplace(await call.config(), async ({ store, now }) => {
    const clients = await eachPage((after) => store.admin.listClients(after, 200))
    const ends = clients.map((client) => endingSecret(client, now()))
    const rows = clients.map((client, index) => [
      client.id,
      client.type,
      doorText(client),
      client.name,
      client.disabledAt === undefined ? 'active' : 'disabled',
      endText(ends[index], now()),
    ])
    call.terminal.data(
      {
        clients: clients.map((client, index) => ({
          ...clientRecord(client),
          secret_ends_soon: ends[index] !== undefined,
        })),
      },
      rows.length === 0
        ? 'no clients yet; make one with: sallyport client create'
        : table(['ID', 'TYPE', 'DOOR', 'NAME', 'STATE', 'SECRET'], rows),
    )
    return exitCode.ok
  })
}

const endText = (end: number | undefined, now: number): string =>
  end === undefined ? '' : `${end <= now ? 'ended' : 'ends'} ${instant(end).slice(0, 10)}`
