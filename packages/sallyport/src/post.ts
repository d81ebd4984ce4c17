import type { Post } from './webhook.ts'

/** Milliseconds one attempt may take. */
const patience = 5000

/** Posts to an address that the operator configured. Follows nowhere, reads nothing of the answer but its status. */
export const post: Post = async (url, headers, body) => {
  const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http')
  return new Promise((resolve, reject) => {
    const length = String(Buffer.byteLength(body))
    const sent = request(
      url,
      { method: 'POST', headers: { ...headers, 'content-length': length }, signal: AbortSignal.timeout(patience) },
      (response) => {
        response.destroy()
        resolve(response.statusCode ?? 0)
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}
