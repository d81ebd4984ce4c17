import type { Seconds } from '@sallyport/protocol'
import type { Store } from '../model/store.ts'
import { addEvents, keep, type MemoryState } from './memory-state.ts'

type Verbs = Pick<
  Store,
  'rememberOnce' | 'count' | 'readCount' | 'clearCount' | 'listSigningKeys' | 'addSigningKey' | 'appendEvents'
>

/** Replay marks, counters, signing keys and events. */
export const memoryMarks = (state: MemoryState): Verbs => ({
  rememberOnce: async (key, expiresAt, now) => {
    const present = state.onceMarks.get(key)
    if (present !== undefined && present > now) return false
    state.onceMarks.set(key, expiresAt)
    return true
  },
  count: async (key, window, now, by = 1) => {
    const counter = state.counters.get(key)
    if (counter !== undefined && counter.endsAt > now) return (counter.value += by)
    state.counters.set(key, { value: by, endsAt: now + window })
    return by
  },
  readCount: async (key, now) => {
    const counter = state.counters.get(key)
    return counter !== undefined && counter.endsAt > now ? counter.value : 0
  },
  clearCount: async (key) => {
    state.counters.delete(key)
  },

  listSigningKeys: async () =>
    [...state.signingKeys.values()].map(({ key, removeAt }) => ({
      ...key,
      sealedPrivateKey: key.sealedPrivateKey.slice(),
      removeAt,
    })),
  addSigningKey: async (key, slot, retire) => {
    if (state.signingKeySlots.has(slot)) return false
    if (state.signingKeys.has(key.kid)) throw new Error('signing key exists')
    state.signingKeySlots.add(slot)
    state.signingKeys.set(key.kid, { key: keep(key), removeAt: key.removeAt })
    const retired = retire === undefined ? undefined : state.signingKeys.get(retire.kid)
    if (retired !== undefined) retired.removeAt = earlier(retired.removeAt, retire?.removeAt)
    return true
  },

  appendEvents: async (events) => addEvents(state, events),
})

const earlier = (a: Seconds | undefined, b: Seconds | undefined): Seconds | undefined =>
  a === undefined || (b !== undefined && b < a) ? b : a
