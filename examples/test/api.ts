import { createServer, type Server } from 'node:http'
import { createVerifier, protect } from '@sallyport/resource'

/** An API of our own, behind access tokens of the issuer; browser apps on other origins may call it. */
export async function startApi(port: number, issuer: () => string): Promise<Server> {
  const audience = `http://localhost:${port}`
  let guarded: ReturnType<ReturnType<typeof protect>['node']> | undefined
  const server = createServer((req, res) => {
    res.setHeader('access-control-allow-origin', '*')
    if (req.method === 'OPTIONS') {
      res.writeHead(204, { 'access-control-allow-headers': 'authorization' }).end()
      return
    }
    guarded ??= protect(createVerifier({ issuer: issuer(), audience }), { scope: ['orders.read'] }).node(
      (_req, response, token) => {
        response.end(`orders of ${token.subject}, token ${token.id}`)
      },
    )
    void guarded(req, res)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return server
}
