import { describe, expect, it } from 'vitest'
import { importsOf } from '../imports.ts'
import { layerFindings } from '../layers.ts'
import type { Workspace } from '../workspace.ts'

const workspace = (folder: string, name: string, dependencies: string[], doors: Record<string, string>): Workspace => ({
  folder: `/w/packages/${folder}`,
  name,
  version: '0.1.0',
  node: '>=22',
  private: false,
  programs: [],
  dependencies,
  doors: new Map(Object.entries(doors).map(([door, path]) => [door, `/w/packages/${folder}/src/${path}`])),
})

const packages = [
  workspace('protocol', '@sallyport/protocol', [], { '@sallyport/protocol': 'index.ts' }),
  workspace('server', '@sallyport/server', ['@sallyport/protocol'], {
    '@sallyport/server': 'index.ts',
    '@sallyport/server/model': 'model/index.ts',
  }),
  workspace('resource', '@sallyport/resource', ['@sallyport/protocol', '@sallyport/server', 'jose'], {
    '@sallyport/resource': 'index.ts',
  }),
]

/** Findings for sources given as `{ 'server/src/x.ts': 'text' }`, as `path:line message`. */
const findingsOf = (sources: Record<string, string>) => {
  const files = Object.entries(sources).map(([name, text]) => {
    const path = `/w/packages/${name}`
    return { path, imports: importsOf(path, text) }
  })
  return layerFindings(packages, files).map(
    ({ file, line, message }) => `${file.replace('/w/packages/', '')}:${line} ${message}`,
  )
}

describe('layers', () => {
  it('accepts imports that go down', () => {
    expect(
      findingsOf({
        'server/src/endpoints/token.ts': `import { x } from '../grants/index.ts'\nimport { sha256 } from '@sallyport/protocol'`,
        'server/src/grants/index.ts': `import { code } from './authorization-code.ts'\nimport type { Client } from '../model/client.ts'`,
        'server/src/index.ts': `export { x } from './endpoints/token.ts'`,
      }),
    ).toEqual([])
  })

  it('finds an import that goes up, with its line', () => {
    expect(findingsOf({ 'server/src/model/client.ts': `\nimport type { Policy } from '../policy.ts'` })).toEqual([
      'server/src/model/client.ts:2 model imports policy.ts, which stands above it',
    ])
  })

  it('finds siblings that know each other', () => {
    expect(findingsOf({ 'server/src/clients/resolve.ts': `import { issue } from '../tokens/issue.ts'` })).toEqual([
      'server/src/clients/resolve.ts:1 clients and tokens are siblings and do not import each other',
    ])
  })

  it('finds a grant that imports a grant, and lets grants share a file that is not one', () => {
    const table = `import { code } from './code.ts'\nimport { refresh } from './refresh.ts'\nimport type { G } from './token-grant.ts'`
    expect(
      findingsOf({
        'server/src/grants/index.ts': table,
        'server/src/grants/refresh.ts': `import { g } from './token-grant.ts'\nimport { code } from './code.ts'`,
      }),
    ).toEqual([
      'server/src/grants/refresh.ts:2 grants/refresh.ts imports grants/code.ts; entries of grants do not know each other',
    ])
  })

  it('finds an endpoint that imports an endpoint', () => {
    const found = findingsOf({
      'server/src/server.ts': `import { token } from './endpoints/token.ts'\nimport { revoke } from './endpoints/revoke.ts'`,
      'server/src/endpoints/revoke.ts': `import { token } from './token.ts'`,
    })
    expect(found).toEqual([
      'server/src/endpoints/revoke.ts:1 endpoints/revoke.ts imports endpoints/token.ts; entries of endpoints do not know each other',
    ])
  })

  it('finds a circle made of types alone', () => {
    const found = findingsOf({
      'protocol/src/a.ts': `import type { B } from './b.ts'`,
      'protocol/src/b.ts': `export type B = import('./a.ts').A`,
    })
    expect(found).toEqual(['protocol/src/a.ts:1 imports itself in a circle: protocol/src/a.ts → protocol/src/b.ts'])
  })

  it('finds corridors inside a package and imports through its own door', () => {
    expect(findingsOf({ 'protocol/src/all.ts': `export * from './pkce.ts'` })[0]).toContain(
      'passes on what another file exports',
    )
    const throughDoor = findingsOf({
      'server/src/model/index.ts': `export type { Client } from './client.ts'`,
      'server/src/policy.ts': `import type { Client } from './model/index.ts'`,
    })
    expect(throughDoor).toEqual([
      'server/src/policy.ts:1 goes through the door src/model/index.ts; import the file that owns the name',
    ])
  })

  it('finds packages that look sideways, reach into each other, or import what they do not list', () => {
    expect(findingsOf({ 'resource/src/a.ts': `import { x } from '@sallyport/server'` })).toEqual([
      'resource/src/a.ts:1 imports @sallyport/server, which does not stand below @sallyport/resource',
    ])
    expect(findingsOf({ 'server/src/policy.ts': `import { x } from '@sallyport/protocol/src/pkce.ts'` })).toEqual([
      'server/src/policy.ts:1 imports @sallyport/protocol/src/pkce.ts, which @sallyport/protocol does not export',
    ])
    expect(findingsOf({ 'server/src/policy.ts': `import { x } from '../../protocol/src/pkce.ts'` })).toEqual([
      'server/src/policy.ts:1 reaches out of its package with ../../protocol/src/pkce.ts; import the package by name',
    ])
    expect(findingsOf({ 'server/src/policy.ts': `import { z } from 'zod'` })).toEqual([
      'server/src/policy.ts:1 imports zod, which package.json does not list',
    ])
  })

  it('finds a file of the server that has no place', () => {
    const found = findingsOf({ 'server/src/misc/x.ts': `import type { Client } from '../model/client.ts'` })
    expect(found[0]).toContain('misc/x.ts has no place in the layers')
  })
})
