import { describe, expect, it } from 'vitest'
import { specialUse } from '../../src/outbound/special-use.ts'
import { lyingNetwork } from './lying-network.ts'

const special = [
  ...['0.0.0.0', '0.1.2.3', '10.0.0.1', '10.255.255.255', '100.64.0.1', '100.127.255.255', '127.0.0.1', '127.255.0.9'],
  ...['169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.8', '192.0.2.1', '192.31.196.1', '192.52.193.1'],
  ...['192.88.99.1', '192.168.1.1', '192.175.48.1', '198.18.0.1', '198.19.255.255', '198.51.100.7', '203.0.113.7'],
  ...['224.0.0.1', '239.1.1.1', '240.0.0.1', '255.255.255.255'],
  ...['::', '::1', '::7f00:1', '::ffff:10.0.0.1', '::ffff:8.8.8.8', '::ffff:0:7f00:1', '64:ff9b::7f00:1'],
  ...[
    '64:ff9b::169.254.169.254',
    '64:ff9b::10.1.2.3',
    '64:ff9b:1::1',
    '100::1',
    '100:0:0:1::1',
    '2001::1',
    '2001:0:4136:e378::1',
  ],
  ...[
    '2001:2::1',
    '2001:20::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '2002:808:808::1',
    '2620:4f:8000::1',
    '3fff::1',
    '5f00::1',
  ],
  ...[
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fe80::1%eth0',
    'febf::1',
    'fec0::1',
    'ff02::1',
    '4000::1',
    'not an address',
    '',
  ],
]

const publicOnes = [
  ...[
    '1.1.1.1',
    '8.8.8.8',
    '9.255.255.255',
    '11.0.0.1',
    '100.63.255.255',
    '100.128.0.1',
    '126.255.255.255',
    '128.0.0.1',
  ],
  ...[
    '172.15.255.255',
    '172.32.0.1',
    '192.0.1.1',
    '192.167.255.255',
    '198.17.255.255',
    '198.20.0.1',
    '223.255.255.255',
  ],
  ...['2606:4700::1111', '2001:4860:4860::8888', '2a00:1450::1', '64:ff9b::8.8.8.8'],
]

describe('special-use addresses', () => {
  it.each(special)('A-CIMD-08 takes %s for special', (address) => {
    expect(specialUse(address)).toBeTypeOf('string')
  })

  it.each(publicOnes)('A-CIMD-08 takes %s for an address of the public internet', (address) => {
    expect(specialUse(address)).toBeUndefined()
  })

  it.each(special.filter((address) => address !== ''))(
    'DC-02 opens no connection for a name that leads to %s',
    async (address) => {
      const net = await lyingNetwork({ names: [['93.184.215.14', address]] })
      expect(await net.fetch({ url: 'https://app.example.com/client' })).toEqual({ ok: false, fault: 'address' })
      expect(net.connections).toEqual([])
      expect(net.events).toMatchObject([
        {
          event: 'fetch.blocked',
          reason: 'address',
          detail: { purpose: 'metadata_document', host: 'app.example.com' },
        },
      ])
    },
  )

  const written = [
    ...[
      'https://127.0.0.1/',
      'https://[::1]/',
      'https://2130706433/',
      'https://0177.0.0.1/',
      'https://0x7f.1/',
      'https://127.1/',
    ],
    ...[
      'https://[::ffff:10.0.0.1]/',
      'https://[64:ff9b::7f00:1]/',
      'https://[2002:7f00:1::]/',
      'https://169.254.169.254/latest',
    ],
    ...['https://localhost/', 'https://a.localhost/'],
  ]
  it.each(written)('DC-02 opens no connection for %s', async (url) => {
    const net = await lyingNetwork()
    expect(await net.fetch({ url })).toEqual({ ok: false, fault: 'address' })
    expect({ connections: net.connections, lookups: net.lookups }).toEqual({ connections: [], lookups: [] })
  })
})
