import { vi } from 'vitest'

/** Listens in on every request this process makes; `stop` ends that and gives the paths. */
export function watchFetch(): { stop(): readonly string[] } {
  const spy = vi.spyOn(globalThis, 'fetch')
  return {
    stop: () => {
      const urls = spy.mock.calls.map(([input]) => new URL(input instanceof Request ? input.url : input).pathname)
      spy.mockRestore()
      return urls
    },
  }
}
