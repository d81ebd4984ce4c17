import type { IncomingMessage, ServerResponse } from 'node:http'
import type Provider from 'oidc-provider'
import { benchApiScope } from '../deployment.ts'
import { benchResources } from './oidc-configuration.ts'

const page = (res: ServerResponse, form: string): void => {
  res.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
  res.end(`<!doctype html><title>Bench</title><form method="post" action="">${form}</form>`)
}

async function readForm(req: IncomingMessage): Promise<URLSearchParams> {
  let text = ''
  for await (const chunk of req.setEncoding('utf8')) text += String(chunk)
  return new URLSearchParams(text)
}

/** The smallest honest sign-in: a login form and a consent form, answered through oidc-provider's interaction API. */
export async function interact(provider: Provider, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const details = await provider.interactionDetails(req, res)
  const { prompt, params, session } = details
  if (req.method === 'GET') {
    if (prompt.name === 'login') return page(res, '<input name="username"><input name="password" type="password">')
    return page(res, '<button name="decision" value="allow">Allow</button>')
  }
  const form = await readForm(req)
  if (prompt.name === 'login') {
    const result = { login: { accountId: form.get('username') ?? '' } }
    return provider.interactionFinished(req, res, result, { mergeWithLastSubmission: false })
  }
  const known = details.grantId === undefined ? undefined : await provider.Grant.find(details.grantId)
  const grant = known ?? new provider.Grant({ accountId: session?.accountId ?? '', clientId: String(params.client_id) })
  grant.addOIDCScope('openid offline_access')
  for (const resource of benchResources) grant.addResourceScope(resource, benchApiScope)
  const consent = { grantId: await grant.save() }
  return provider.interactionFinished(req, res, { consent }, { mergeWithLastSubmission: true })
}
