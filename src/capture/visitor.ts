import type { FastifyRequest } from 'fastify'
import { hostOf, queryOf } from '../http/address.js'
import { decodedHeader } from '../http/headers.js'
import type { UserAgent } from '../visits/visit.js'
import { normalizeAddress } from './addresses.js'
import { storedAgent } from './agent.js'
import { firstLanguage } from './language.js'
import { describeUserAgent } from './user-agent.js'

/**
 * What is read of a request: `ip`, `protocol` and `host` as TRUST_PROXY allows them, never a header of the client's. `url` is
 * the one that was routed, so that a query which was written into the path counts (opened-path.ts).
 */
export type Click = Pick<FastifyRequest, 'method' | 'ip' | 'protocol' | 'host' | 'url' | 'headers'>

/** Facts read from a click. What is not known is null; nothing is longer than its column is meant for. */
export interface Visitor {
  clientIp: string | null
  scheme: string | null
  host: string | null
  queryString: string | null
  browserLang: string | null
  userAgent: UserAgent
  /** The user agent names a program. */
  isProgram: boolean
}

const longestHost = 255
const longestQuery = 2048

export function readVisitor(click: Click): Visitor {
  const userAgent = decodedHeader(click.headers['user-agent'] ?? '')
  const host = hostOf(click)
  return {
    clientIp: normalizeAddress(click.ip),
    scheme: /^https?$/.test(click.protocol) ? click.protocol : null,
    host: host !== null && host.length <= longestHost ? host : null,
    queryString: queryOf(click.url).slice(0, longestQuery) || null,
    browserLang: firstLanguage(click.headers['accept-language'] ?? ''),
    userAgent: storedAgent(userAgent, click.headers),
    isProgram: describeUserAgent(userAgent, click.headers).is_bot,
  }
}
