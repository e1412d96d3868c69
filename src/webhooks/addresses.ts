import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { WebhookConfig } from '../config.js'

/** Whether an address (not a name) may be posted to: a public one, or one that the configuration allows. */
export type MayPost = (address: string) => boolean

/** Whoever creates webhooks must not reach, through this server, what only this server can reach. */
export function mayPostTo(allowPrivate: WebhookConfig['allowPrivate']): MayPost {
  if (allowPrivate === true) return (address) => isIP(address) !== 0
  const allowed = (allowPrivate || []).map(range)
  return (address) => {
    if (isIP(address) === 0) return false
    // An IPv4 address that is written as IPv6 (::ffff:127.0.0.1) leads where the IPv4 address leads.
    const parsed = ipaddr.process(address)
    return isPublic(parsed) || allowed.some((one) => one[0].kind() === parsed.kind() && parsed.match(one))
  }
}

type Address = ipaddr.IPv4 | ipaddr.IPv6

function range(text: string): [Address, number] {
  if (text.includes('/')) return ipaddr.parseCIDR(text)
  const address = ipaddr.parse(text)
  return [address, address.kind() === 'ipv4' ? 32 : 128]
}

/** Of IPv6, only 2000::/3 is given out to the public; ranges of special use inside it are known by name, as all of IPv4's are. */
function isPublic(address: Address): boolean {
  if (address.range() !== 'unicast' || address.toString() === azureHost) return false
  return address.kind() === 'ipv4' || address.match(globalUnicast)
}

const globalUnicast = ipaddr.parseCIDR('2000::/3')

/** Looks public, but is the machine's own host in Azure: it hands out the machine's settings. */
const azureHost = '168.63.129.16'
