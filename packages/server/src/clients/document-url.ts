const maxLength = 512

/** For trying things out on one machine; nothing but the port and the path is free. */
const shapeHere =
  /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(?::([1-9][0-9]{0,4}))?(\/[A-Za-z0-9._~!$&'()*+,;=:@%/-]+)$/

const shape = /^https:\/\/([a-z0-9.-]+)(?::([1-9][0-9]{0,4}))?(\/[A-Za-z0-9._~!$&'()*+,;=:@%/-]+)$/

/** True for an identifier that can only be the address of a metadata document; ids that this server gives have no colon. */
export const looksLikeDocument = (clientId: string): boolean => /^[a-z][a-z0-9+.-]*:/i.test(clientId)

/**
 * The host of a client identifier that is the address of a metadata document, or `undefined` when it may not be one (A-CIMD-01).
 * Read from the raw text: a URL parser would repair what has to be refused, and two spellings are two clients (A-CIMD-02).
 * `loopback` takes plain http from this machine as well, which is for development alone (A-CIMD-08).
 */
export function documentHost(clientId: string, loopback: boolean): string | undefined {
  if (clientId.length > maxLength) return undefined
  const [, here, herePort = '80', herePath = ''] = (loopback ? shapeHere.exec(clientId) : null) ?? []
  if (here !== undefined) return (herePort === '80' || isOpenPort(herePort)) && isPlainPath(herePath) ? here : undefined
  const [, host = '', port, path = ''] = shape.exec(clientId) ?? []
  const labels = host.split('.')
  if (labels.length < 2 || labels.some((label) => !/^(?!-)[a-z0-9-]{1,63}$/.test(label) || label.endsWith('-')))
    return undefined
  // The last label of a name begins with a letter; an address in any notation ends with a number.
  if (!/^[a-z]/.test(labels.at(-1) ?? '')) return undefined
  if (port !== undefined && port !== '443' && !isOpenPort(port)) return undefined
  return isPlainPath(path) ? host : undefined
}

const isOpenPort = (port: string): boolean => Number(port) > 1023 && Number(port) <= 65_535

/** Nothing that a URL parser would read otherwise than it stands there. */
const isPlainPath = (path: string): boolean =>
  !/%(?![0-9A-Fa-f]{2})/.test(path) && !/\/(?:\.|%2e){1,2}(?:\/|$)/i.test(path)
