import { canonicalResource } from '@sallyport/protocol'
import { expect, it } from 'vitest'

it.for([
  ['HTTPS://MCP.Example.com', 'https://mcp.example.com'],
  ['https://mcp.example.com/', 'https://mcp.example.com'],
  ['https://mcp.example.com/mcp', 'https://mcp.example.com/mcp'],
  ['https://mcp.example.com/mcp/', 'https://mcp.example.com/mcp/'],
  ['https://mcp.example.com/MCP/%7e', 'https://mcp.example.com/MCP/%7e'],
  ['https://mcp.example.com:443/a/../b', 'https://mcp.example.com:443/a/../b'],
  ['HTTP://LocalHost:8080/', 'http://localhost:8080'],
  ['http://[::1]:8080/api', 'http://[::1]:8080/api'],
] as const)('A-RES-05 %s is %s, and nothing else is normalised', ([sent, canonical]) => {
  expect(canonicalResource(sent)).toBe(canonical)
  expect(canonicalResource(canonical)).toBe(canonical)
})

it.for([
  '',
  '/relative',
  'mcp.example.com',
  'urn:example:api',
  'http://mcp.example.com',
  'https://',
  'https://a.test/#part',
  'https://a.test/?tenant=1',
  'https://a.test?',
  'https://user@a.test/',
  'https://a.test/ä',
  'https://ä.test/',
  'https://a.test/a b',
  ' https://a.test',
  'https://a.test\n',
  'https://a.test:99999',
  `https://a.test/${'x'.repeat(512)}`,
])('A-RES-01 %j names no resource', (text) => {
  expect(canonicalResource(text)).toBeUndefined()
})
