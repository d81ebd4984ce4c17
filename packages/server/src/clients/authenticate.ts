import {
  equalInConstantTime,
  lookupKey,
  OAuthError,
  refuse,
  type CertificateFault,
  type Form,
  type Reason,
} from '@sallyport/protocol'
import { factsOfPresentedCode } from '../code-facts.ts'
import type { Call, Context } from '../context.ts'
import { header } from '../http.ts'
import { clientIdForRecords } from '../ids.ts'
import {
  isCertificateMethod,
  type AuthenticatedClient,
  type Client,
  type ClientAuthenticationMethod,
  type ClientSecret,
} from '../model/client.ts'
import { provenByAssertion, type AssertionFault } from './assertion.ts'
import { provenByCertificate } from './certificate.ts'
import { presented, type Presented } from './credentials.ts'
import { documentStillAccepted } from './documents.ts'
import { unfitMember } from './profile-rules.ts'
import { countFailure, requireNotThrottled, secretGuesses } from './throttle.ts'

// Compared against when there is nothing to compare with, so that an unknown client costs what a wrong secret costs.
const nobody = lookupKey('no client has this secret')

function fittingSecret(client: Client | undefined, secret: string, now: number): ClientSecret | undefined {
  const digest = lookupKey(secret)
  let fitting: ClientSecret | undefined
  let compared = false
  for (const candidate of client?.secrets ?? []) {
    compared = true
    if (equalInConstantTime(digest, candidate.digest) && candidate.expiresAt > now) fitting = candidate
  }
  if (!compared) equalInConstantTime(digest, nobody)
  return fitting
}

function verdict(
  client: Client | undefined,
  credentials: Presented,
  secret: ClientSecret | undefined,
): Reason | undefined {
  const secretOk = credentials.secret === undefined || secret !== undefined
  if (client === undefined) return 'client_auth_unknown'
  if (client.authenticationMethod !== credentials.method) return 'client_auth_method'
  if (!secretOk) return 'client_auth_failed'
  return client.disabledAt === undefined ? undefined : 'client_auth_disabled'
}

/** Where an operator made keys the only way, a secret that is right proves nothing any more (A-GOV-04). */
const secretsEnded = ({ policy }: Context): Reason | undefined =>
  policy.stages.requirePrivateKeyJwt === 'enforce' ? 'client_secret_refused' : undefined

/** The client itself, or its certificate where that is what proves it. */
function settle(
  ctx: Context,
  call: Call,
  client: Client | undefined,
  unfit: Reason | undefined,
): Client | AssertionFault | Promise<Client | AssertionFault> {
  if (client === undefined || unfit !== undefined) return { reason: unfit ?? 'client_auth_unknown' }
  return isCertificateMethod(client.authenticationMethod) ? provenByCertificate(ctx, call, client) : client
}

/** A request with nothing but its `client_id` leaves it to the certificate of the connection, if the client is one of those (B-MTLS-01). */
const withCertificate = ({ mutualTls }: Context, client: Client | undefined, sent: Presented): Presented =>
  mutualTls !== undefined &&
  sent.method === 'none' &&
  client !== undefined &&
  isCertificateMethod(client.authenticationMethod)
    ? { ...sent, method: client.authenticationMethod }
    : sent

/** What worked once and does not any more, although it was right. */
function outgrown(ctx: Context, client: Client | undefined, secret: ClientSecret | undefined): Reason | undefined {
  if (secret !== undefined && secretsEnded(ctx) !== undefined) return 'client_secret_refused'
  return client !== undefined && unfitMember(ctx.policy, client) !== undefined ? 'client_profile' : undefined
}

/** Ids that this server gave are short; the address of a metadata document may be 512 characters (A-CIMD-01). */
const maxIdLength = 512

/**
 * Settles who asks, before anything else is looked at (A-PKCE-17). Exactly one method, and the registered one; the answer
 * to an unknown client, a wrong secret and a wrong method is the same. Throws `invalid_client` 401, `invalid_request` 400
 * for ambiguity, 429 after too many failures.
 */
export async function authenticateClient(ctx: Context, call: Call, form: Form): Promise<AuthenticatedClient> {
  const unread = ctx.mutualTls === undefined ? undefined : certificateFault(call)
  if (unread !== undefined) throw await reported(ctx, call, unread, { form, named: form.get('client_id') })
  let credentials: Presented
  try {
    credentials = presented(header(call.request, 'authorization'), form)
  } catch (error) {
    if (error instanceof OAuthError)
      throw await reported(ctx, call, error.reason, { form, named: form.get('client_id') })
    throw error
  }
  const found = credentials.clientId.length > maxIdLength ? undefined : ctx.clients.find(credentials.clientId)
  const client = found instanceof Promise ? await found : found
  credentials = withCertificate(ctx, client, credentials)
  // A client without a secret has nothing to be guessed, and whoever sends one in its name must not lock it out.
  const guessable = client === undefined || client.authenticationMethod !== 'none'
  if (guessable) requireNotThrottled(ctx, call, secretGuesses(client))
  const blocked = client !== undefined && !documentStillAccepted(ctx, client)
  const secret = credentials.secret === undefined ? undefined : fittingSecret(client, credentials.secret, ctx.now())
  const unfit = blocked
    ? 'client_auth_disabled'
    : (verdict(client, credentials, secret) ?? outgrown(ctx, client, secret))
  const settled =
    credentials.assertion === undefined
      ? await settle(ctx, call, client, unfit)
      : await provenByAssertion(ctx, call, { client, unfit, assertion: credentials.assertion })
  if (!('reason' in settled)) {
    if (secret !== undefined) ctx.usage.secretUsed(credentials.clientId, secret.id)
    return settled as AuthenticatedClient
  }
  const { reason } = settled
  const unfitting = reason === 'client_profile' && client !== undefined ? unfitMember(ctx.policy, client) : undefined
  const what = settled.what ?? unfitting
  const error = await reported(ctx, call, reason, { form, client, named: credentials.clientId, what })
  // A secret that is right was not guessed.
  const right = reason === 'client_secret_refused' || reason === 'client_profile'
  const guessed = guessable && !provesNothing(credentials.method) && !right
  if (guessed) await countFailure(ctx, call, secretGuesses(client))
  throw error
}

/** Nobody gets nearer to the key of a certificate by asking again. */
const provesNothing = (method: ClientAuthenticationMethod): boolean => method === 'none' || isCertificateMethod(method)

const faults: Readonly<Record<CertificateFault, Reason>> = { multiple: 'cert_multiple', syntax: 'cert_syntax' }

/** A certificate that cannot be read is refused whoever asks: something is wrong with the proxy, or with who went round it (B-MTLS-12). */
const certificateFault = ({ request: { certificate } }: Call): Reason | undefined =>
  typeof certificate === 'string' ? faults[certificate] : undefined

/** Events that say more than that somebody failed. */
const events: Partial<Record<Reason, { readonly event: string }>> = {
  assertion_replayed: { event: 'client.assertion.replayed' },
  cert_multiple: { event: 'mtls.header.untrusted' },
}

type Claimed = {
  readonly form: Form
  readonly client?: Client | undefined
  readonly named: string | undefined
  readonly what?: string | undefined
}

/**
 * Writes the event and gives the error to throw; one cause, one event. A name that belongs to no client is only a detail:
 * were it the subject of the event, invented names would keep alike events from being folded.
 */
async function reported(
  ctx: Context,
  call: Call,
  reason: Reason,
  { form, client, named, what }: Claimed,
): Promise<OAuthError> {
  const facts = await factsOfPresentedCode(ctx, call, form)
  const presentedId = client === undefined ? clientIdForRecords(named) : undefined
  const detail = {
    ...facts.detail,
    path: call.request.path.slice(0, 100),
    ...(presentedId === undefined ? {} : { presented_client_id: presentedId }),
    ...(what === undefined ? {} : { reason_detail: what }),
  }
  const event = events[reason] ?? { event: 'client.auth.failed' }
  await ctx.events.write(
    { ...event, clientId: client?.id, reason, ...facts, detail },
    { requestId: call.id, network: call.network },
  )
  return refuse(reason, { reported: true })
}
