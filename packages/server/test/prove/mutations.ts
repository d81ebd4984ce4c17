import type { PolicyOptions } from '@sallyport/server'

/** One check taken away: the edits that do it, and the requirement whose cases must notice. */
export type Mutation = {
  readonly name: string
  readonly notices: string
  /** The policy it is proven for; one that opens every door where nothing is said. */
  readonly policy?: PolicyOptions
  readonly edits: readonly { readonly file: string; readonly find: string; readonly replace: string }[]
}

const validate = 'server/src/authorization/validate-request.ts'
const assertion = 'server/src/clients/assertion.ts'
const grant = 'server/src/grants/authorization-code.ts'
const machine = 'server/src/grants/client-credentials.ts'
const apiScopes = 'server/src/tokens/api-scopes.ts'
const resourceScope = 'server/src/tokens/resource-scope.ts'
const device = 'server/src/grants/device-code.ts'
const pkce = 'protocol/src/pkce.ts'
const verifier = 'protocol/src/verifier-fault.ts'
const reference = 'server/src/authorization/pushed-request.ts'
const signed = 'server/src/authorization/request-object.ts'
const metadata = 'server/src/clients/client-metadata.ts'
const rules = 'server/src/clients/registration-rules.ts'
const senderKey = 'server/src/tokens/sender-key.ts'
const relaxations = 'server/src/relaxations.ts'
const exchange = 'server/src/tokens/exchange-request.ts'
const bearer = 'server/src/clients/trusted-assertion.ts'
const memory = 'server/src/store/memory-authorizations.ts'

const one = (name: string, notices: string, file: string, find: string, replace = ''): Mutation => ({
  name,
  notices,
  edits: [{ file, find, replace }],
})

/** Every check of A-PKCE-01 to -10 and of the life of a code, each taken away alone. */
export const mutations: readonly Mutation[] = [
  {
    name: 'a request without a challenge is let through',
    notices: 'A-PKCE-01',
    edits: [
      { file: validate, find: "if (exception === undefined) throw refuse('pkce_required')", replace: '' },
      { file: validate, find: 'return exception.id', replace: 'return undefined as never' },
    ],
  },
  one(
    'the reason of a missing challenge is kept back',
    'A-PKCE-01',
    'protocol/src/reasons/pkce.ts',
    "'pkce_required: code challenge required'",
    "'code challenge required'",
  ),
  one(
    'any method is taken',
    'A-PKCE-02',
    validate,
    "if (form.get('code_challenge_method') !== codeChallengeMethod) throw refuse('pkce_method')",
  ),
  one(
    'a missing method counts as S256',
    'A-PKCE-02',
    validate,
    "form.get('code_challenge_method') !== codeChallengeMethod",
    "(form.get('code_challenge_method') ?? codeChallengeMethod) !== codeChallengeMethod",
  ),
  one(
    'the answer does not say that the method is the fault',
    'A-PKCE-03',
    'protocol/src/reasons/pkce.ts',
    "'transform algorithm not supported, code_challenge_method must be S256'",
    "'the request is invalid'",
  ),
  one(
    'the form of a challenge is not looked at',
    'A-PKCE-04',
    validate,
    "if (!isCodeChallenge(challenge)) throw refuse('pkce_challenge_syntax')",
  ),
  one('spare bits of a challenge may be anything', 'A-PKCE-04', pkce, '[AEIMQUYcgkosw048]$/', '[A-Za-z0-9_-]$/'),
  one(
    'published challenges are taken',
    'A-PKCE-10',
    validate,
    'if (publishedChallenges.has(challenge) && !ctx.acceptPublishedChallenges)',
    'if (false)',
  ),
  one(
    'a challenge works twice',
    'A-PKCE-10',
    memory,
    "if (codeChallenge !== undefined && state.challenges.has(pairKey(clientId, codeChallenge))) return 'challenge_reused'",
  ),
  one(
    'the answer repeats the challenge',
    'A-PKCE-09',
    'server/src/authorization/proceed.ts',
    'return respond(ctx, call, target, { code })',
    'return respond(ctx, call, target, { code, code_challenge: request.codeChallenge } as never)',
  ),
  one(
    'two challenges are taken for one',
    'A-GEN-04',
    validate,
    "if (form.duplicated.size > 0) throw refuse('param_duplicated', { detail: knownNames(form.duplicated) })",
  ),
  one(
    'a verifier may travel in the front channel',
    'A-AUTHZ-19',
    validate,
    "if (form.has('code_verifier') || form.has('client_secret')) throw refuse('front_channel_secret')",
  ),
  one('other response types are taken', 'A-AUTHZ-06', validate, "if (type !== 'code') throw refuse('response_type')"),
  one(
    'redirect URIs are compared by their beginning',
    'A-REDIR-01',
    'server/src/authorization/settle-client.ts',
    'if (matchRedirectUri(redirectUri, client.redirectUris, client.applicationType) === undefined) {',
    'if (!client.redirectUris.some((uri) => redirectUri.startsWith(uri))) {',
  ),
  one(
    'plain is advertised',
    'A-PKCE-13',
    'server/src/metadata.ts',
    'code_challenge_methods_supported: [codeChallengeMethod]',
    "code_challenge_methods_supported: [codeChallengeMethod, 'plain']",
  ),
  one(
    'a missing verifier is let through',
    'A-PKCE-07',
    verifier,
    "if (verifier === undefined) return 'verifier_missing'",
    'if (verifier === undefined) return undefined',
  ),
  one(
    'the form of a verifier is not looked at',
    'A-PKCE-05',
    verifier,
    "if (!isCodeVerifier(verifier)) return 'verifier_syntax'",
  ),
  one('a verifier may be shorter', 'A-PKCE-05', pkce, '[A-Za-z0-9\\-._~]{43,128}$/', '[A-Za-z0-9\\-._~]{42,128}$/'),
  one(
    'any verifier fits',
    'A-PKCE-06',
    verifier,
    "challengeMatches(verifier, challenge) ? undefined : 'pkce_mismatch'",
    'undefined',
  ),
  one(
    'the challenge itself fits as a verifier',
    'A-PKCE-06',
    pkce,
    'equalInConstantTime(challengeOf(verifier), challenge)',
    'equalInConstantTime(challengeOf(verifier), challenge) || verifier === challenge',
  ),
  one(
    'a failed verifier leaves the code alive',
    'A-PKCE-06',
    grant,
    'if (code.codeChallenge !== undefined) await destroy(ctx, view)',
  ),
  {
    name: 'a code without a challenge is redeemed',
    notices: 'A-PKCE-08',
    edits: [
      { file: grant, find: "return excepted ? undefined : 'challenge_absent'", replace: 'return undefined' },
      {
        file: memory,
        find: 'if (row.code.codeChallenge === undefined && !excepted(state, row.code, now)) return false',
        replace: '',
      },
    ],
  },
  one(
    'a verifier for a code without a challenge is taken',
    'A-PKCE-08',
    grant,
    "if (verifier !== undefined) return 'verifier_without_challenge'",
  ),
  one(
    'the secret of a client is not compared',
    'A-PKCE-17',
    'server/src/clients/authenticate.ts',
    "if (!secretOk) return 'client_auth_failed'",
  ),
  one(
    'a signature is not compared',
    'A-PKCE-17',
    'protocol/src/jws-verify.ts',
    "if (!signatureFits(jws, key)) return 'signature'",
  ),
  one(
    'an assertion may be for anybody',
    'B-CA-03',
    assertion,
    "if (!audienceFits(ctx, call, client, aud)) return { reason: 'assertion_audience' }",
  ),
  one('an assertion is never over', 'B-CA-04', assertion, 'exp <= now || '),
  one(
    'an assertion works again',
    'B-CA-05',
    assertion,
    "return fresh ? undefined : { reason: 'assertion_replayed' }",
    'return undefined',
  ),
  one(
    'the method of a client does not matter',
    'B-CA-08',
    'server/src/clients/authenticate.ts',
    "if (client.authenticationMethod !== credentials.method) return 'client_auth_method'",
  ),
  one('another client may redeem', 'A-CODE-06', grant, 'if (code.clientId !== client.id)', 'if (false)'),
  one(
    'another redirect URI may redeem',
    'A-CODE-07',
    grant,
    'if (redirectUri !== undefined && redirectUri !== code.redirectUri)',
    'if (false)',
  ),
  {
    name: 'a redirect URI is taken where it has no place any more',
    notices: 'A-CODE-07',
    policy: { stages: { refuseRedirectUriAtToken: 'enforce' } },
    edits: [{ file: grant, find: '!mayRepeatRedirectUri(ctx, client)', replace: 'false' }],
  },
  one(
    'a client of OAuth 2.0 may leave its redirect URI out',
    'A-CODE-07',
    grant,
    'redirectUri === undefined && client.requireRedirectUriAtToken',
    'false',
  ),
  one(
    'an agent that was stopped goes on by itself for a second',
    'A-GOV-05',
    machine,
    'await requireRunning(ctx, client)\n',
  ),
  one(
    'anybody with the grant may exchange',
    'B-TX-02',
    exchange,
    "if (rules.length === 0) throw refuse('exchange_not_allowed', { detail: 'no rule' })\n",
  ),
  one(
    'an exchange takes tokens from whoever found them',
    'B-TX-03',
    'server/src/tokens/presented-token.ts',
    "if (claims.client_id !== client.id && !client.resourceServerOf.includes(claims.aud)) return 'another client and API'\n",
  ),
  one(
    'an exchange gives tokens for any API',
    'B-TX-04',
    exchange,
    "if (target === undefined || !allowed.has(target)) throw refuse('exchange_target')",
    "if (target === undefined) throw refuse('exchange_target')",
  ),
  one(
    'an exchange gives any scope',
    'B-TX-05',
    'server/src/grants/token-exchange.ts',
    "if (scope.length === 0 || !scopeWithin(scope, ceiling)) throw refuse('scope')\n",
  ),
  one(
    'an exchanged token hides who acts',
    'B-TX-08',
    'server/src/tokens/access-token.ts',
    'const act = authorization?.derived?.actor',
    'const act = undefined',
  ),
  one(
    'the key of an assertion does not matter',
    'B-JB-01',
    bearer,
    "if (typeof found === 'string') throw refuse('bearer_assertion_invalid', { detail: found })\n",
    "if (typeof found === 'string')\n    return { typ: '', kid: '', claims: (readCompactJws(assertion) as never as { claims(): object }).claims() }\n",
  ),
  one('an assertion for somebody else counts', 'B-JB-02', bearer, "if (only !== ctx.issuer) throw claimFault('aud')\n"),
  one(
    'an assertion counts twice',
    'B-JB-02',
    'server/src/grants/jwt-bearer.ts',
    'await requireFirstUse(ctx, assertion)\n',
  ),
  one(
    'a client gets for itself what belongs to people',
    'A-CC-03',
    machine,
    "if (scope.some((value) => identityScopes.includes(value))) throw refuse('scope_user_only')",
  ),
  one(
    'a scope of two APIs is for the first of them',
    'B-ATJ-03',
    apiScopes,
    "if (owners.length !== 1) throw refuse('resource_needed')\n  return owners.map(({ id }) => id)",
    'return claiming.slice(0, 1).map(({ id }) => id)',
  ),
  one(
    'a token has scopes of another audience',
    'A-RES-04',
    apiScopes,
    'return scope.filter((value) => identityScopes.includes(value) || !claimed.has(value))',
    'return scope',
  ),
  one(
    'a token for nothing counts as success',
    'A-RES-04',
    apiScopes,
    "if (left.length === 0 && ofApis(scope).length > 0) throw refuse('scope_elsewhere')",
  ),
  {
    name: 'an API need not be registered',
    notices: 'A-RES-02',
    edits: [
      {
        file: resourceScope,
        find: "if (!known.has(resource)) throw refuse('resource_unknown')",
        replace: 'if (!known.has(resource)) return',
      },
      { file: resourceScope, find: 'if (!isOwn(ctx, audience)) {', replace: 'if (resource !== undefined) {' },
    ],
  },
  one('a replay ends nothing', 'A-CODE-03', grant, 'await revokeAfterReplay(ctx, call, view)\n'),
  one(
    'a replay without proof ends everything',
    'A-CODE-04',
    grant,
    'if (code.codeChallenge !== undefined) await destroy(ctx, view)',
    'await destroy(ctx, view)\n    await revokeAfterReplay(ctx, call, view)',
  ),
  {
    name: 'a code works more than once',
    notices: 'A-CODE-02',
    edits: [
      { file: grant, find: "if (view.state === 'redeemed') {", replace: 'if (false) {' },
      {
        file: memory,
        find: 'const row = codeRow(state, redemption.digest)\n      if (row?.code === undefined || row.redeemedAt !== undefined || row.destroyedAt !== undefined) return false',
        replace: 'const row = codeRow(state, redemption.digest)\n      if (row?.code === undefined) return false',
      },
    ],
  },
  one('codes do not expire', 'A-CODE-01', grant, 'if (code.expiresAt <= ctx.now())', 'if (false)'),
  {
    name: 'codes outlive their session',
    notices: 'A-CODE-09',
    edits: [
      { file: grant, find: 'if (view.ended !== undefined)', replace: 'if (false)' },
      { file: grant, find: "if (view.state === 'destroyed') throw", replace: 'if (false) throw' },
      {
        file: memory,
        find: 'if (row?.code === undefined || row.redeemedAt !== undefined || row.destroyedAt !== undefined) return false\n      if (row.code',
        replace: 'if (row?.code === undefined || row.redeemedAt !== undefined) return false\n      if (row.code',
      },
      { file: memory, find: 'if (!stands(state, row)) return false\n      row.redeemedAt', replace: 'row.redeemedAt' },
    ],
  },
  one(
    'what is pushed is not judged at the push',
    'A-PKCE-01',
    'server/src/endpoints/par.ts',
    'await validateRequest(ctx, settleRedirectUri(client, pushed), pushed)',
  ),
  one(
    'anybody may push for a client',
    'B-PAR-01',
    'server/src/endpoints/par.ts',
    'client = await authenticateClient(ctx, call, form)',
    "client = (await ctx.clients.find(form.get('client_id') ?? '')) as never",
  ),
  one(
    'a reference works for another client',
    'B-PAR-05',
    reference,
    "if (view.request.clientId !== client.id) throw refuse('par_client')",
  ),
  one(
    'a reference works twice',
    'B-PAR-06',
    'server/src/store/memory-pushed.ts',
    'state.pushed.delete(digest)',
    'state.pushed.has(digest)',
  ),
  one(
    'a client that has to push need not',
    'B-PAR-09',
    reference,
    "client.requirePushedRequests || holdsFor(policy, client, 'requirePushedRequests')",
    "holdsFor(policy, client, 'requireState')",
  ),
  one(
    'what stands beside a reference counts',
    'B-PAR-07',
    reference,
    'return { form: parseForm(text), use:',
    "return { form: parseForm(text.replace(/&state=[^&]*/, `&state=${sent.get('state') ?? ''}`)), use:",
  ),
  one(
    'anybody may sign for a client',
    'B-JAR-02',
    signed,
    "if (typeof verified === 'string') throw unbelieved(reasonOf[verified], verified)\n",
  ),
  one('a request object counts for another server', 'B-JAR-04', signed, "return wrong('aud')", 'void 0'),
  one('a request object is never over', 'B-JAR-05', signed, 'if (late !== undefined) return wrong(late)'),
  one(
    'a request object may be an assertion',
    'B-JAR-06',
    signed,
    "if (sub === client.id) return refuse('jar_typ', { detail: 'sub' })",
  ),
  one(
    'a request object may refer to another request',
    'B-JAR-07',
    signed,
    "if ('request' in claims || 'request_uri' in claims) return refuse('jar_inside')",
  ),
  one(
    'a client that has to sign need not',
    'B-JAR-08',
    signed,
    "client.requireSignedRequests || holdsFor(policy, client, 'requireSignedRequests')",
    "holdsFor(policy, client, 'requireState')",
  ),
  one(
    'a request object works twice',
    'B-JAR-12',
    signed,
    'mark === undefined || (await ctx.store.rememberOnce(mark.key, mark.until, ctx.now()))',
    'mark !== null',
  ),
  one(
    'what stands beside a request object counts',
    'B-JAR-01',
    'server/src/authorization/settle-request.ts',
    'const { form } = object\n',
    "const form = sent.has('state') ? parseForm(object.text.replace(/&state=[^&]*/, `&state=${sent.get('state')}`)) : object.form\n",
  ),
  one(
    'the verifier of a device is not compared',
    'A-PKCE-06',
    device,
    "challenge === undefined ? undefined : verifierFault(form.get('code_verifier'), challenge)",
    'undefined as VerifierFault | undefined',
  ),
  one(
    'a device needs no verifier for its challenge',
    'A-PKCE-07',
    device,
    'challenge === undefined ? undefined',
    "challenge === undefined || !form.has('code_verifier') ? undefined",
  ),
  one(
    'a failed verifier leaves the code of a device alive',
    'A-PKCE-06',
    device,
    "await ctx.store.devices.end(request.digest, { as: 'destroyed', sessionId: undefined }, ctx.now(), [])",
  ),
  one('another device may redeem', 'A-DEV-09', device, 'if (request.clientId !== client.id)', 'if (false)'),
  {
    name: 'a device code works more than once',
    notices: 'A-DEV-11',
    edits: [
      { file: device, find: "if (view.state === 'redeemed') throw", replace: 'if (false) throw' },
      { file: memory, find: "row?.state !== 'approved' || ", replace: 'row === undefined || ' },
    ],
  },
  {
    name: 'device codes do not expire',
    notices: 'A-DEV-11',
    edits: [
      { file: device, find: 'if (request.expiresAt <= ctx.now())', replace: 'if (false)' },
      { file: memory, find: 'row.request.expiresAt <= now || ', replace: '' },
    ],
  },
  one(
    'a device that was denied or disowned goes on',
    'A-DEV-11',
    device,
    "if (view.state === 'denied' || view.state === 'disowned') throw await fail('device_denied', {})",
  ),
  one(
    'a device needs a verifier although it sent no challenge',
    'A-PKCE-18',
    device,
    'challenge === undefined ? undefined',
    "challenge === undefined ? form.has('code_verifier') ? undefined : 'verifier_missing'",
  ),
  one(
    'a request under an exception needs no nonce and no openid',
    'A-GOV-01',
    validate,
    "if (exceptionId !== undefined && (nonce === undefined || !scope.includes('openid'))) throw refuse('exception_nonce')",
  ),
  {
    name: 'exceptions count although the policy lets nobody have one',
    notices: 'A-PKCE-01',
    policy: {},
    edits: [{ file: relaxations, find: "policy.pkceExceptions !== 'dated' || ", replace: '' }],
  },
  one('public clients may have an exception', 'A-PKCE-01', relaxations, '!isPublic(client) && ', ''),
  one(
    'clients that registered themselves may have an exception',
    'A-PKCE-01',
    relaxations,
    "client.channel === 'managed' && ",
  ),
  one(
    'an exception outlives its deadline',
    'A-GOV-01',
    'server/src/model/exception.ts',
    'revokedAt === undefined && deadline > now',
    'revokedAt === undefined',
  ),
  one(
    'an exception outlives its revocation',
    'A-GOV-01',
    'server/src/model/exception.ts',
    'revokedAt === undefined && deadline > now',
    'deadline > now',
  ),
  one(
    'any host is this machine',
    'A-REDIR-05',
    'protocol/src/redirect-uri.ts',
    "return `http://${match[1] ?? ''}${uri.slice(match[0].length)}`",
    'return `http://127.0.0.1${uri.slice(match[0].length)}`',
  ),
  one(
    'any number is a port',
    'A-REDIR-07',
    'protocol/src/redirect-uri.ts',
    "if (number < 1 || number > 65535 || (port.length > 1 && port.startsWith('0'))) return undefined",
  ),
  one('a client may register without PKCE', 'A-DCR-09', metadata, 'refuseWeakerPkce(document)\n'),
  {
    name: 'a client may register any redirect URI',
    notices: 'A-DCR-05',
    edits: [
      { file: metadata, find: 'if (problem !== undefined) {', replace: 'if (false) {' },
      {
        file: rules,
        find: 'if (problem !== undefined) faults.push({ member, problem: `${JSON',
        replace: 'if (false) faults.push({ member, problem: `${JSON',
      },
    ],
  },
  {
    name: 'a client may register any grant',
    notices: 'A-DCR-06',
    edits: [
      {
        file: 'server/src/clients/metadata-rules.ts',
        find: "if (refused !== undefined || !grants.includes('authorization_code'))",
        replace: 'if (false)',
      },
      { file: rules, find: 'if (!defaults.allowedGrants.includes(grant))', replace: 'if (false)' },
    ],
  },
  one(
    'whoever registered itself gets browsers sent on',
    'A-PKCE-01',
    'server/src/authorization/respond.ts',
    'if (silent || !isSelfRegistered(client) || client.firstParty)',
    'if (true)',
  ),
  one(
    'a code is forgotten to be bound',
    'A-CODE-08',
    'server/src/authorization/approve.ts',
    'senderKey: approval.request.senderKey',
    'senderKey: undefined',
  ),
  one(
    'a bound code is good for any key',
    'A-CODE-08',
    grant,
    'senderKeyFault(code.senderKey, senderKey)',
    'senderKeyFault(undefined, senderKey)',
  ),
  one(
    'a bound code needs no proof',
    'A-CODE-08',
    senderKey,
    'if (bound === undefined || bound === proven) return undefined',
    'if (bound === undefined || bound === proven || proven === undefined) return undefined',
  ),
  one(
    'a bound refresh token is good for any key',
    'A-RT-06',
    'server/src/grants/refresh-token.ts',
    'senderKeyFault(view.token.senderKey, senderKey)',
    'senderKeyFault(undefined, senderKey)',
  ),
  one(
    'a proof counts as often as it comes',
    'B-DPOP-13',
    senderKey,
    'if (await ctx.store.rememberOnce(proof.mark, proof.rememberUntil, now)) return proof.thumbprint',
    'return proof.thumbprint',
  ),
  one(
    'a bound token is a bearer token too',
    'B-DPOP-30',
    'server/src/endpoints/userinfo.ts',
    "if (credentials.scheme === 'Bearer' && jkt === undefined)",
    "if (credentials.scheme === 'Bearer')",
  ),
  one(
    'a bound token is good with any key',
    'B-DPOP-30',
    senderKey,
    'if (boundTo !== undefined && boundTo !== proof.thumbprint)',
    'if (false)',
  ),
  {
    ...one(
      'tokens under FAPI 2.0 need no proof',
      'B-FAPI-02',
      'server/src/endpoints/token.ts',
      "holdsFor(ctx.policy, client, 'requireSenderConstraint')",
      'false',
    ),
    policy: { profile: 'fapi2' },
  },
  {
    ...one(
      'codes under FAPI 2.0 live on',
      'B-FAPI-06',
      'server/src/policy.ts',
      'authorizationCodeLifetime: fapi ? Math.min(code, profileLifetimes.authorizationCode) : code',
      'authorizationCodeLifetime: 120',
    ),
    policy: { profile: 'fapi2' },
  },
  {
    ...one(
      'refresh tokens under FAPI 2.0 are replaced',
      'B-FAPI-05',
      'server/src/grants/refresh-token.ts',
      'if (isFapi(ctx.policy, client))',
      'if (false)',
    ),
    policy: { profile: 'fapi2', refreshRetryGrace: 0 },
  },
  {
    ...one(
      'clients under FAPI 2.0 may register with RS256',
      'B-FAPI-12',
      'server/src/profiles.ts',
      "algorithm !== 'RS256'",
      'algorithm !== undefined',
    ),
    policy: { profile: 'fapi2' },
  },
  {
    ...one(
      'clients under FAPI 2.0 may be public',
      'B-FAPI-01',
      'server/src/clients/profile-rules.ts',
      "if (method === 'none')",
      'if (false)',
    ),
    policy: { profile: 'fapi2' },
  },
  {
    ...one(
      'responses under FAPI 2.0 Message Signing come plain',
      'B-JARM-04',
      validate,
      "profileOf(ctx.policy, client) === 'fapi2-message-signing' ? undefined : mode",
      'mode',
    ),
    policy: { profile: 'fapi2-message-signing' },
  },
  {
    ...one(
      'signed requests under FAPI 2.0 Message Signing have no end',
      'B-MS-02',
      signed,
      "for (const name of ['exp', 'nbf']) if (claims[name] === undefined) return wrong(name)",
      '{ }',
    ),
    policy: { profile: 'fapi2-message-signing' },
  },
]
