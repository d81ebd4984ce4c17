import { parseForm } from '@sallyport/protocol'
import { clientLogo } from '../clients/logos.ts'
import type { Call, Context } from '../context.ts'
import type { HttpResponse } from '../model/http.ts'

const absent = (): HttpResponse => ({ status: 404, headers: { 'cache-control': 'no-store' }, body: '' })

const maxIdLength = 512

/**
 * The picture of a client from this server's own origin (A-DCR-11, DC-13): for the consent page, and for no page of another
 * origin. An address that leads nowhere looks the same whether there is such a client or not.
 */
export async function clientLogoImage(ctx: Context, call: Call): Promise<HttpResponse> {
  const id = parseForm(call.request.query).get('client_id')
  if (id === undefined || id.length > maxIdLength) return absent()
  const client = await ctx.clients.find(id)
  const logo = client === undefined ? undefined : await clientLogo(ctx, call, client)
  if (logo === undefined) return absent()
  return {
    status: 200,
    headers: {
      'content-type': logo.mediaType,
      'cache-control': 'private, max-age=3600',
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    },
    body: call.request.method === 'HEAD' ? '' : logo.bytes,
  }
}
