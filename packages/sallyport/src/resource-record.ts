import { laterResourceMembers, type Resource } from '@sallyport/server'

/** An API for scripts. */
export const resourceRecord = (resource: Resource): Record<string, unknown> => ({
  resource: resource.id,
  name: resource.name,
  scopes: resource.scopes.map(({ name, description }) => ({ name, description })),
  access_token_lifetime: resource.accessTokenLifetime,
  format: resource.format,
  binding: resource.binding,
  signing_algorithm: resource.signingAlgorithm,
  documentation: resource.documentation,
  not_by_device: resource.notByDevice,
})

/** An API for people. */
export function resourceText({ id, name, scopes, ...rest }: Resource): string {
  const { accessTokenLifetime, format, binding, signingAlgorithm, documentation, notByDevice } = rest
  const kind = format === 'jwt' ? `jwt signed with ${signingAlgorithm}` : format
  return [
    `${id} (${name})`,
    `  tokens: ${kind}, ${binding}${accessTokenLifetime === undefined ? '' : `, at most ${accessTokenLifetime} s`}`,
    ...scopes.map(
      (scope) => `  ${scope.name}: ${scope.description}${notByDevice.includes(scope.name) ? ' (not by device)' : ''}`,
    ),
    ...(documentation === undefined ? [] : [`  documentation: ${documentation}`]),
  ].join('\n')
}

/** An API as a file would declare it: what is so anyway is left out. */
export function resourceDeclaration(resource: Resource): Readonly<Record<string, unknown>> {
  const { name, scopes, accessTokenLifetime, format, binding, signingAlgorithm, documentation, notByDevice } = resource
  return {
    name,
    ...(scopes.length === 0
      ? {}
      : { scopes: Object.fromEntries(scopes.map((scope) => [scope.name, scope.description])) }),
    ...(accessTokenLifetime === undefined ? {} : { accessTokenLifetime }),
    ...(format === laterResourceMembers.format ? {} : { format }),
    ...(binding === laterResourceMembers.binding ? {} : { binding }),
    ...(signingAlgorithm === laterResourceMembers.signingAlgorithm ? {} : { signingAlgorithm }),
    ...(documentation === undefined ? {} : { documentation }),
    ...(notByDevice.length === 0 ? {} : { notByDevice }),
  }
}
