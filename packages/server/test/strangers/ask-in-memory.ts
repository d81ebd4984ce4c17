import type { ClientCertificate } from '@sallyport/protocol'
import type { TestIssuer } from '@sallyport/testing'

/** A `fetch` for the libraries of others that leads straight to the issuer, on connections with a certificate where there is one. */
export const askInMemory =
  (issuer: TestIssuer, certificate?: ClientCertificate) =>
  async (url: string, init: object): Promise<Response> => {
    const request = new Request(url, init)
    const { pathname, search } = new URL(url)
    const bytes = Buffer.from(await request.arrayBuffer())
    const answer = await issuer.send({
      method: request.method,
      path: pathname,
      query: search.slice(1),
      headers: Object.fromEntries(request.headers.entries()),
      body: bytes.length === 0 ? undefined : bytes,
      ...(certificate === undefined ? {} : { certificate }),
    })
    const headers = Object.entries(answer.headers).map(([name, value]) => [name, String(value)] as [string, string])
    return new Response(answer.text, { status: answer.status, headers })
  }
