import type { Socket } from 'node:net'

/** Milliseconds for which a peer may go on sending what nobody reads. */
const patience = 2000

/**
 * Ends a connection whose peer may still be sending. Closed at once, the system meets the unread bytes with a reset, and a
 * reset can take the answer away before it is read: so our half ends first, and what still comes is dropped until the peer
 * ends too or the time is over (RFC 9112 section 9.6).
 */
export function closeLingering(socket: Socket): void {
  if (socket.destroyed) return
  const timer = setTimeout(() => socket.destroy(), patience)
  timer.unref()
  socket.once('close', () => {
    clearTimeout(timer)
  })
  socket.end()
  socket.resume()
}
