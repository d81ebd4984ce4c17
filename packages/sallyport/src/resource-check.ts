import { readResourceMetadata, resourceMetadataUrl } from '@sallyport/resource'
import { parseIssuer, type Resource } from '@sallyport/server'
import type { Call } from './command.ts'
import { bad, ok, type Finding } from './doctor/finding.ts'
import { exitCode, type ExitCode } from './failure.ts'
import { fetchDocument } from './mcp/fetch-document.ts'
import { findResource } from './resource-changes.ts'
import { inWorkplace } from './workplace.ts'

/** Resources that are asked at once, and in all. */
const together = 8
const most = 500

/** What the authorization server publishes about its resources (RFC 9728 section 4). */
async function published(
  issuer: string,
): Promise<{ readonly listed: readonly unknown[] } | { readonly fault: Finding }> {
  const { origin, basePath } = parseIssuer(issuer)
  const { document, fault, url } = await fetchDocument(`${origin}/.well-known/oauth-authorization-server${basePath}`)
  const check = 'server'
  if (fault !== undefined || document === undefined)
    return { fault: bad(check, `${url} ${fault ?? ''}`, 'start the server, or look at DNS, TLS and its proxy') }
  if (document['issuer'] !== issuer)
    return {
      fault: bad(check, `${url} answers for another issuer`, 'let the proxy pass this address on to this server'),
    }
  const listed = document['protected_resources']
  return { listed: Array.isArray(listed) ? (listed as readonly unknown[]) : [] }
}

/** What one API says, against what is registered about it. */
async function compared(issuer: string, resource: Resource, listed: readonly unknown[]): Promise<readonly Finding[]> {
  const { id } = resource
  const found: Finding[] = []
  if (!listed.includes(id))
    found.push(bad(id, 'the server does not list it in protected_resources', 'let the running server see this store'))
  const { document, fault, url } = await fetchDocument(resourceMetadataUrl(id))
  if (fault !== undefined || document === undefined)
    return [...found, bad(id, `${url} ${fault ?? ''}`, 'serve the document of RFC 9728 there')]
  const read = readResourceMetadata(document, id)
  if (typeof read === 'string') {
    const what =
      read === 'resource' ? `it describes ${JSON.stringify(document['resource'])}` : `it must not be used (${read})`
    return [...found, bad(id, what, `set resource to ${id}`)]
  }
  if (!read.authorizationServers.includes(issuer))
    found.push(
      bad(id, `it does not name ${issuer} in authorization_servers`, 'add the issuer there, or remove the API here'),
    )
  const known = new Set(resource.scopes.map(({ name }) => name))
  const strange = read.scopes.filter((scope) => !known.has(scope))
  if (strange.length > 0)
    found.push(
      bad(id, `it names scopes that nobody can get: ${strange.join(' ')}`, 'register them, or take them out there'),
    )
  return found.length > 0 ? found : [ok(id, 'both sides name each other')]
}

type Looking = { readonly resources: readonly Resource[]; readonly listed: readonly unknown[] }

async function looked(call: Call, issuer: string, { resources, listed }: Looking): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (let from = 0; from < resources.length; from += together) {
    const looks = resources.slice(from, from + together).map((one) => compared(issuer, one, listed))
    findings.push(...(await call.terminal.during('looking', Promise.all(looks))).flat())
  }
  return findings
}

/**
 * Holds what this server says about its APIs against what each of them says about itself (RFC 9728 section 7.6, A-PRM-07).
 * A difference is exit code 3.
 */
export async function checkResources(call: Call, _options: object, [uri]: readonly string[]): Promise<ExitCode> {
  return inWorkplace(await call.config(), async (place) => {
    const all = uri === undefined ? await place.store.listResources() : [await findResource(place, uri)]
    const server = await published(place.issuer)
    const findings =
      'fault' in server
        ? [server.fault]
        : await looked(call, place.issuer, { resources: all.slice(0, most), ...server })
    const agreed = findings.every(({ state }) => state === 'ok')
    const text = findings.length === 0 ? 'no resources yet' : findings.map(line).join('\n')
    call.terminal.data({ agreed, checks: findings }, text)
    return agreed ? exitCode.ok : exitCode.found
  })
}

// What strangers answered is shown without characters that steer a terminal.
const printable = (text: string): string => text.replace(/\p{Cc}/gu, '?').slice(0, 1000)

const line = ({ check, state, message, remedy }: Finding): string =>
  printable(`${state === 'ok' ? 'ok     ' : 'FINDING'} ${check}: ${message}`) +
  (remedy === undefined ? '' : `\n        ${remedy}`)
