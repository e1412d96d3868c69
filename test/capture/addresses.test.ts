import { isIPv6, SocketAddress } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anonymizeAddress, isLocalAddress, normalizeAddress } from '../../src/capture/addresses.js'

describe('normalizeAddress', () => {
  it.each([
    ['8.8.8.8', '8.8.8.8'],
    ['::ffff:8.8.8.8', '8.8.8.8'],
    ['::FFFF:0808:0808', '8.8.8.8'],
    ['0:0:0:0:0:ffff:127.0.0.1', '127.0.0.1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['2001:0DB8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:db8::', '2001:db8::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['::', '::'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ])('spells %s as %s', (ip, expected) => {
    expect(normalizeAddress(ip)).toBe(expected)
  })

  it.each(['', 'localhost', '1.2.3', '1.2.3.4:80', '[::1]', '010.0.0.1', '1.2.3.4, 5.6.7.8', '12345::', ' 8.8.8.8'])(
    'takes "%s" for no address',
    (ip) => {
      expect(normalizeAddress(ip)).toBeNull()
    },
  )

  it('spells every IPv6 address as the system does', () => {
    fc.assert(
      fc.property(fc.ipV6(), (ip) => {
        const address = normalizeAddress(ip) ?? ''
        if (isIPv6(address)) {
          const theirs = new SocketAddress({ address: ip, family: 'ipv6' }).address
          // The system still writes the abandoned form ::a.b.c.d (RFC 4291, 2.5.5.1) with dots.
          if (!theirs.includes('.')) expect(address).toBe(theirs)
        }
        expect(normalizeAddress(address)).toBe(address)
      }),
    )
  })
})

describe('anonymizeAddress', () => {
  it.each([
    ['81.2.69.142', '81.2.69.0'],
    ['::ffff:81.2.69.142', '81.2.69.0'],
    ['2001:db8:abcd:12:34::1', '2001:db8:abcd::'],
    ['2001:db8::1', '2001:db8::'],
    ['fe80::1%eth0', 'fe80::'],
    ['::1', '::'],
  ])('keeps of %s only %s', (ip, network) => {
    expect(anonymizeAddress(ip)).toBe(network)
  })

  it('keeps nothing of a text that it cannot cut', () => {
    expect(anonymizeAddress('81.2.69.142:4711')).toBe('')
  })

  it('gives one answer for all addresses of a network', () => {
    fc.assert(
      fc.property(fc.nat(255), fc.nat(255), (one, other) => {
        expect(anonymizeAddress(`81.2.69.${one}`)).toBe(anonymizeAddress(`81.2.69.${other}`))
      }),
    )
  })
})

describe('isLocalAddress', () => {
  it.each(['127.0.0.1', '127.255.0.9', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.9.9'])(
    'counts %s as local',
    (ip) => expect(isLocalAddress(ip)).toBe(true),
  )
  it.each(['::1', 'fd00::1', 'fc00::', 'fe80::1', 'febf::1'])('counts %s as local', (ip) => {
    expect(isLocalAddress(ip)).toBe(true)
  })
  it.each([
    '8.8.8.8',
    '172.15.0.1',
    '172.32.0.1',
    '192.169.0.1',
    '100.64.0.1',
    '0.0.0.0',
    '::',
    '::2',
    '2001:db8::1',
    'fec0::1',
  ])('does not count %s as local', (ip) => expect(isLocalAddress(ip)).toBe(false))
})
