import type { SealedItem, SealedStore } from '../model/sealed.ts'
import { addEvents, keep, type MemoryState } from './memory-state.ts'

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

/** What is sealed with the master key. Each verb runs without a pause, so nothing can come between its steps. */
export function memorySealed(state: MemoryState): SealedStore {
  const list = (): readonly SealedItem[] => [
    ...[...state.signingKeys.values()].flatMap(({ key }) =>
      key.externalName === undefined
        ? [{ kind: 'signing_key' as const, id: key.kid, sealed: key.sealedPrivateKey.slice() }]
        : [],
    ),
    ...[...state.factors.values()].map(({ factor }) => ({
      kind: 'second_factor' as const,
      id: factor.subject,
      sealed: factor.seed.slice(),
    })),
  ]
  const put = ({ kind, id, sealed }: SealedItem): void => {
    const key = kind === 'signing_key' ? state.signingKeys.get(id) : undefined
    if (key !== undefined) state.signingKeys.set(id, { ...key, key: keep({ ...key.key, sealedPrivateKey: sealed }) })
    const factor = kind === 'second_factor' ? state.factors.get(id) : undefined
    if (factor !== undefined) factor.factor = keep({ ...factor.factor, seed: sealed })
  }
  return {
    list: async () => list(),
    replace: async ({ before, after, setting }, events) => {
      const present = new Map(list().map((item) => [`${item.kind} ${item.id}`, item.sealed]))
      if (present.size !== before.length || state.settings.get(setting.name) !== setting.expected) return false
      for (const { kind, id, sealed } of before) {
        const now = present.get(`${kind} ${id}`)
        if (now === undefined || !sameBytes(now, sealed)) return false
      }
      for (const item of after) put(item)
      state.settings.set(setting.name, setting.value)
      addEvents(state, events)
      return true
    },
  }
}
