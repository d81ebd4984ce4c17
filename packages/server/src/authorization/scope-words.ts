import { identityScopes } from '@sallyport/protocol'
import type { Context } from '../context.ts'
import type { ScopeInWords } from '../model/interactions.ts'

/** Scope values with the words that the operator wrote for them, and whose they are. */
export async function scopesInWords(ctx: Context, scope: readonly string[]): Promise<readonly ScopeInWords[]> {
  const resources = [...(await ctx.resources()).values()]
  return scope.map((name) => {
    if (identityScopes.includes(name)) return { name, description: undefined, resource: undefined }
    for (const resource of resources) {
      const entry = resource.scopes.find((one) => one.name === name)
      if (entry !== undefined) return { name, description: entry.description, resource: resource.name }
    }
    return { name, description: undefined, resource: undefined }
  })
}

/** Resources by id, with the names that the operator gave them. */
export async function resourceNames(
  ctx: Context,
  resources: readonly string[],
): Promise<readonly { readonly id: string; readonly name: string }[]> {
  const known = await ctx.resources()
  return resources.map((id) => ({ id, name: known.get(id)?.name ?? id }))
}
