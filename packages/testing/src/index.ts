export { createTestIssuer, type TestIssuer } from './create-test-issuer.ts'
export type { IssuerCore } from './issuer-core.ts'
export type { TestIssuerOptions } from './issuer-options.ts'
export { clockStart, createClock, type Clock } from './clock.ts'
export { seededRandom } from './seeded-random.ts'
export { cachedKeyPairs } from './key-pairs.ts'
export { answerOf, headerOf, type Answer } from './answer.ts'
export { createBrowser, type Browser, type BrowserOptions, type Visit } from './browser.ts'
export { createCookieJar, type CookieJar } from './cookie-jar.ts'
export { formsOf, type HtmlForm } from './html-forms.ts'
export { encodeParameters, type Parameters } from './parameters.ts'
export { pkcePair, type PkcePair } from './pkce-pair.ts'
export { processorTime } from './processor-time.ts'
export { decodeJwt, type DecodedJwt } from './jwt.ts'
export { basic, credentialsOf, type Credentials, type TestClient } from './test-client.ts'
export { createClientKey, freshClaims, signJws, withKey, type ClientKey } from './client-key.ts'
export {
  createTestAuthority,
  extension,
  selfSignedCertificate,
  type TestAuthority,
  type TestCertificate,
  type TestCertificateOptions,
  type TestRdn,
} from './certificates.ts'
export { dpopProof, thumbprintOf, type ProofChanges, type ProofRequest } from './dpop-proof.ts'
export { standardClients, standardResources, type ClientKind } from './standard-clients.ts'
export {
  passwordClass,
  plainPeople,
  strongClass,
  type PeopleFacts,
  type Person,
  type PersonDetails,
  type TestPeople,
} from './people.ts'
export { plainPages } from './plain-pages.ts'
export { failingStore, type FailingStore, type FaultPoint, type StoreVerb } from './failing-store.ts'
export type { BackchannelDriver, BegunRequest, RequestAnswer } from './backchannel-flow.ts'
export { clientAddress, type BackChannel, type RequestOptions } from './back-channel.ts'
export {
  plainRequest,
  type Authorized,
  type AuthorizationDriver,
  type BegunAuthorization,
  type FlowOptions,
} from './authorization.ts'
export type { BegunDevice, DeviceAnswer, DeviceDriver, DeviceOptions } from './device-flow.ts'
export { tokensOf, type CodeFlow, type TokenDriver, type Tokens } from './token-flow.ts'
export type { Exchange, Measure, Records } from './recorder.ts'
