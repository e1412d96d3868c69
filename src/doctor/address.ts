import Fastify from 'fastify'
import type { Config } from '../config.js'
import { cleanProxyHeaders } from '../http/proxy-headers.js'
import type { Finding } from './finding.js'

/** A request to try: who connects, and the X-Forwarded-For that it comes with. */
export interface TriedRequest {
  from?: string | undefined
  forwarded?: string | undefined
}

const visitor = '203.0.113.7'
/** What a visitor may write into the header before a proxy adds their address. */
const madeUp = '198.51.100.66'

/**
 * What address a request is seen from, with the TRUST_PROXY that there is: asked of the server itself. Without a request to try,
 * of a visitor who comes through as many proxies as are trusted, and makes an address up.
 */
export async function examineAddress(config: Config, tried: TriedRequest): Promise<Finding[]> {
  const { trustProxy } = config
  if (trustProxy === false) {
    const from = tried.from ?? visitor
    const text = `TRUST_PROXY is off: a request is seen from who connects, such as ${from}, whatever X-Forwarded-For says`
    if (!config.publicUrl?.startsWith('https:')) return [{ level: 'ok', topic: 'address', text }]
    const then =
      'PUBLIC_URL is https, which a proxy speaks for this server: every visit would be from the address of that proxy'
    return [{ level: 'warn', topic: 'address', text: `${text}. ${then}. Set TRUST_PROXY` }]
  }
  const sample = typeof trustProxy === 'function' ? throughHops(trustProxy) : throughProxy(trustProxy[0] ?? '127.0.0.1')
  const { from, forwarded } = { from: tried.from ?? sample.from, forwarded: tried.forwarded ?? sample.forwarded }
  const seen = await seenFrom(trustProxy, from, forwarded)
  const text = `a request from ${from} with X-Forwarded-For: ${forwarded} is seen from ${seen}`
  if (seen !== madeUp || tried.forwarded !== undefined) return [{ level: 'ok', topic: 'address', text }]
  const why = 'which a visitor wrote there: TRUST_PROXY trusts everybody'
  return [{ level: 'fail', topic: 'address', text: `${text}, ${why}` }]
}

/** Each proxy writes down who connected to it. */
function throughHops(trust: (address: string, hop: number) => boolean) {
  let hops = 1
  while (trust(visitor, hops)) hops += 1
  const between = Array.from({ length: hops - 1 }, (_, nth) => `10.0.0.${nth + 2}`)
  return { from: '10.0.0.1', forwarded: [madeUp, visitor, ...between].join(', ') }
}

const namedRanges: Record<string, string> = { loopback: '127.0.0.1', linklocal: '169.254.0.1', uniquelocal: '10.0.0.1' }

function throughProxy(range: string) {
  const address = range.split('/')[0] ?? range
  return { from: namedRanges[address] ?? address, forwarded: `${madeUp}, ${visitor}` }
}

async function seenFrom(trustProxy: Exclude<Config['trustProxy'], false>, from: string, forwarded: string) {
  const app = Fastify({
    trustProxy,
    rewriteUrl: ({ headers, url = '/' }) => {
      cleanProxyHeaders(headers)
      return url
    },
  })
  app.get('/', async ({ ip }) => ip)
  const { body } = await app.inject({ url: '/', remoteAddress: from, headers: { 'x-forwarded-for': forwarded } })
  await app.close()
  return body
}
