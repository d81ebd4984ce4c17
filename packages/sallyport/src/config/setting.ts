import type { Kind } from './kinds.ts'

/** One thing that can be configured: the same name in a file, in the environment and in every message. */
export type Setting<T> = {
  /** Path in the file, such as `http.port`. */
  readonly key: string
  readonly kind: Kind<T>
  /** Value when nothing is said; `undefined` when there is none. */
  readonly fallback: T | undefined
  readonly about: string
  /** Never shown. */
  readonly secret: boolean
  /** Variables that count when the one with our prefix is not set. */
  readonly standardVariable: string | undefined
}

type More<T> = { fallback?: T; secret?: boolean; standardVariable?: string }

export const setting = <T>(key: string, kind: Kind<T>, about: string, more: More<T> = {}): Setting<T> => ({
  key,
  kind,
  about,
  fallback: more.fallback,
  secret: more.secret ?? false,
  standardVariable: more.standardVariable,
})
