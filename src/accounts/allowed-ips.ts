/** Addresses and CIDR ranges that a token may be used from (docs/api-contract.md section 5). */
import ipaddr from 'ipaddr.js'

/**
 * An address or a range as it is stored: host bits are cut off, and IPv4 within IPv6 (`::ffff:a.b.c.d`, which is what a socket
 * for both reports) is IPv4.
 *
 * @returns null for what is neither, such as an address with leading zeros, a port or a zone
 */
export function parseRange(text: string): string | null {
  const range = text.includes('%') ? null : rangeOf(text)
  if (range === null) return null
  const [address, bits] = range
  const whole = `${address}/${bits}`
  const isIPv4 = address.kind() === 'ipv4'
  const network = isIPv4 ? ipaddr.IPv4.networkAddressFromCIDR(whole) : ipaddr.IPv6.networkAddressFromCIDR(whole)
  return bits === (isIPv4 ? 32 : 128) ? String(network) : `${network}/${bits}`
}

/** Tells whether an address lies in one of the ranges. */
export function addressFilter(ranges: readonly string[]): (ip: string) => boolean {
  const allowed = ranges.map(rangeOf).filter((range) => range !== null)
  return (ip) => {
    const one = rangeOf(ip.replace(/%.*/, ''))
    return one !== null && allowed.some((range) => covers(range, one))
  }
}

/** Whether every address of the inner range is in one of the outer ones. */
export function isWithin(inner: string, outer: readonly string[]): boolean {
  return addressFilter(outer)(inner)
}

type Range = [address: ipaddr.IPv4 | ipaddr.IPv6, bits: number]

function rangeOf(text: string): Range | null {
  const isIPv6 = text.includes(':')
  const whole = text.includes('/') ? text : `${text}/${isIPv6 ? 128 : 32}`
  if (!(isIPv6 ? ipaddr.IPv6.isValidCIDR(whole) : ipaddr.IPv4.isValidCIDRFourPartDecimal(whole))) return null
  const [address, bits] = ipaddr.parseCIDR(whole)
  const isMapped = address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && bits >= 96
  return isMapped ? [address.toIPv4Address(), bits - 96] : [address, bits]
}

function covers(outer: Range, inner: Range): boolean {
  return outer[0].kind() === inner[0].kind() && outer[1] <= inner[1] && inner[0].match(outer)
}
