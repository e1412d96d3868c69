/**
 * What proxies say of a request in X-Forwarded-For, -Host and -Proto, in the one spelling that Fastify's `ip`, `host` and
 * `protocol` can be compared in. Proxies write ports, brackets and quotes around addresses, schemes in capitals, and lists where
 * several of them stand in a row.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** More proxies in a row than TRUST_PROXY can count. */
const maxAddresses = 100
/** Longer than any address with its zone, port, brackets and quotes. */
const maxAddressLength = 128

/** Rewrites the headers of a request before Fastify reads them. Whether they are believed is decided there (TRUST_PROXY). */
export function cleanProxyHeaders(headers: IncomingHttpHeaders): void {
  replace(headers, 'x-forwarded-for', (entries) => entries.slice(-maxAddresses).map(plainAddress).join(', '))
  // The last host is the one that the nearest proxy wrote: URLs in answers begin with it.
  replace(headers, 'x-forwarded-host', (entries) => entries.at(-1))
  replace(headers, 'x-forwarded-proto', schemeOf)
}

/**
 * One spelling for each address: no port, brackets, quotes or zone, IPv4 within IPv6 as IPv4, IPv6 as RFC 5952 writes it.
 *
 * @returns the text itself where it is no address, such as `unknown`
 */
export function plainAddress(text: string): string {
  if (isIP(text) === 4) return text
  if (text.length > maxAddressLength) return text
  const bracketed = /^\[([^[\]]+)\](?::\d*)?$/.exec(text)?.[1]
  const written = bracketed ?? (isIP(text) === 0 ? text.replace(/:\d{0,5}$/, '') : text)
  const address = written.replace(/%.*/, '')
  if (isIP(address) === 0) return text
  return isIP(address) === 4 ? address : ipaddr.process(address).toString()
}

/** @param read gets the entries that are not blank; its undefined leaves the header as it came */
function replace(headers: IncomingHttpHeaders, name: string, read: (entries: string[]) => string | undefined): void {
  const value = headers[name]
  if (typeof value !== 'string') return
  const entries = value.split(',').flatMap((entry) => unquoted(entry.trim()) || [])
  if (entries.length === 0) delete headers[name]
  else headers[name] = read(entries) ?? value
}

function unquoted(entry: string): string {
  if (!/^["']|["']$/.test(entry) || entry.length > maxAddressLength * 4) return entry
  return entry.replace(/^["']+|["']+$/g, '').trim()
}

/**
 * Where one of several hops was HTTPS, so was the visitor's: proxies in front of a server speak HTTP with each other. A client
 * that makes it up changes the URLs in its own answers.
 */
function schemeOf(entries: string[]): 'http' | 'https' | undefined {
  const schemes = new Set(entries.map((entry) => entry.toLowerCase()))
  if (schemes.has('https')) return 'https'
  return schemes.has('http') ? 'http' : undefined
}
