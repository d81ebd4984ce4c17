import { maxLogos, type LogoStore } from '../model/logo.ts'
import type { MemoryState } from './memory-state.ts'

/** Pictures of clients. */
export const memoryLogos = ({ logos }: MemoryState): LogoStore => ({
  find: async (clientId, now) => {
    const logo = logos.get(clientId)
    return logo === undefined || logo.expiresAt <= now ? undefined : { ...logo, bytes: logo.bytes.slice() }
  },
  save: async (logo) => {
    logos.set(logo.clientId, { ...logo, bytes: logo.bytes.slice() })
    if (logos.size <= maxLogos) return
    const [first] = [...logos.values()].sort((a, b) => a.expiresAt - b.expiresAt)
    if (first !== undefined) logos.delete(first.clientId)
  },
})
