import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mayPostTo } from '../../src/webhooks/addresses.js'

const inside = [
  ...[
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.1',
    '100.64.0.1',
    '100.127.255.255',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
  ],
  ...['172.16.0.1', '172.31.255.255', '192.0.0.1', '192.0.0.192', '192.0.2.1', '192.88.99.1', '192.168.255.255'],
  ...['198.18.0.1', '198.19.255.255', '198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1'],
  ...['255.255.255.255', '168.63.129.16', '::', '::1', '::127.0.0.1', '::7f00:1', '::ffff:127.0.0.1', '::ffff:7f00:1'],
  ...['::ffff:10.0.0.1', '::ffff:0.0.0.0', '::ffff:0:127.0.0.1', '64:ff9b::127.0.0.1', '64:ff9b::8.8.8.8'],
  ...[
    '64:ff9b:1::1',
    '100::1',
    '2001::1',
    '2001:2::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '3fff::1',
    '4000::1',
    '5f00::1',
  ],
  ...[
    'fc00::1',
    'fd00:ec2::254',
    'fdff::1',
    'fe80::1',
    'fe80::1%lo',
    'febf::1',
    'fec0::1',
    'ff02::1',
    'ff0e::1',
    'ffff::1',
  ],
]

const outside = ['1.1.1.1', '8.8.8.8', '172.15.0.1', '172.32.0.1', '100.63.0.1', '100.128.0.1', '223.255.255.255']
const outsideSix = ['2606:4700::1111', '2a00:1450:4001:800::200e', '::ffff:8.8.8.8']

describe('without configuration', () => {
  const may = mayPostTo(false)

  it.each(inside)('%s may not be posted to', (address) => expect(may(address)).toBe(false))

  it.each([...outside, ...outsideSix])('%s may be posted to', (address) => expect(may(address)).toBe(true))

  it.each(['', 'localhost', 'example.com', '127.1', '2130706433', '0x7f000001', '0177.0.0.1', '8.8.8', '[::1]'])(
    '%s is no address',
    (text) => expect(may(text)).toBe(false),
  )

  it('an IPv4 address may be posted to in the spelling of IPv6 if it may be as it is', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect([address, may(`::ffff:${address}`)]).toEqual([address, may(address)])
      }),
    )
  })
})

describe('with configuration', () => {
  it('on allows every address', () => {
    const may = mayPostTo(true)
    expect([...inside, ...outside, ...outsideSix].filter((address) => !may(address))).toEqual([])
    expect(may('localhost')).toBe(false)
  })

  it('a list allows what is in it, and what is public', () => {
    const may = mayPostTo(['10.1.0.0/16', '192.168.0.7', 'fd00::/8', '::1'])
    const allowed = ['10.1.2.3', '::ffff:10.1.2.3', '192.168.0.7', 'fd12::1', '::1', ...outside]
    expect(allowed.filter((address) => !may(address))).toEqual([])
    expect(['10.2.0.1', '192.168.0.8', 'fc00::1', '::2', '127.0.0.1', '169.254.169.254'].filter(may)).toEqual([])
  })
})
