export {
  builtInLanguages,
  createAccounts,
  type AccountsOptions,
  type AccountsStore,
  type PasswordAccounts,
} from './create-accounts.ts'
export { sallyportBrand, type Brand, type BrandColours } from './brand.ts'
export { claimsOf } from './claims.ts'
export { seedContext } from './factors/factor-check.ts'
export { codeAt, keyText, seedBytes } from './factors/totp.ts'
export { demoClaims } from './demo-person.ts'
export { en, type Catalogue, type MessageKey } from './messages/en.ts'
export { de } from './messages/de.ts'
export type { Languages } from './messages/words.ts'
export { createAssets, type Asset, type Assets } from './pages/assets.ts'
export type { PersonNotice } from './notifier.ts'
export type { GateLimits } from './passwords/gate.ts'
export { defaultCost, type HashCost } from './passwords/password-hash.ts'
export type { PasswordFault } from './passwords/password-rules.ts'
export type { NewPerson, People, PersonFault, PersonResult } from './people.ts'
export { defaultThrottle, type ThrottleLimits } from './throttle.ts'
