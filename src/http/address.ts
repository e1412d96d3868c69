/**
 * The addresses that callers use and that answers name: aliases of a path in, absolute URLs out (docs/api-contract.md section 1).
 */
import type { FastifyRequest } from 'fastify'
import { badRequest } from './errors.js'

const apiPrefix = /^(?:\/api\/v2){1,2}(?=\/|$)/

/** The path that routes know: no API prefix, not even a doubled one, no trailing or doubled slashes, no origin. */
export function routePath(url: string): string {
  const { path, query } = splitUrl(url)
  return (path.replace(apiPrefix, '') || '/') + query
}

/** The address of a request as its caller wrote it, prefix included, without the query. */
export function publicAddress(request: FastifyRequest, publicUrl: string | undefined): string {
  return (publicUrl ?? requestOrigin(request)) + splitUrl(request.originalUrl).path
}

/** The query as it was sent, without `?`. */
export function rawQuery(request: Pick<FastifyRequest, 'originalUrl'>): string {
  return queryOf(request.originalUrl)
}

/** The query of a request target, without `?`. */
export function queryOf(target: string): string {
  return splitUrl(target).query.slice(1)
}

/** The path of a request as it was sent, without doubled slashes. */
export function rawPath(request: Pick<FastifyRequest, 'originalUrl'>): string {
  return splitUrl(request.originalUrl).path
}

/**
 * Scheme and host that the caller used.
 *
 * @throws HttpError 400 when the Host header is no valid host: it would end up in the URLs of the answer
 */
export function requestOrigin(request: FastifyRequest): string {
  const host = hostOf(request)
  if (host === null) throw badRequest('The Host header is not a valid host.')
  // Only a trusted proxy can say so, but it may pass on what its client wrote.
  if (!/^https?$/.test(request.protocol)) throw badRequest('The X-Forwarded-Proto header is neither http nor https.')
  return `${request.protocol}://${host}`
}

/**
 * The host that a request was sent to, with its port: in lower case, and without the dot that ends a fully qualified name.
 *
 * @returns null when it is no valid host
 */
export function hostOf({ host }: Pick<FastifyRequest, 'host'>): string | null {
  const plain = host.toLowerCase().replace(/\.(?=(?::\d*)?$)/, '')
  return isHost(plain) ? plain : null
}

/** RFC 3986 host (name, IPv4 or bracketed IPv6) with an optional port. */
export function isHost(host: string): boolean {
  const match = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9_]([a-z0-9_.-]{0,252}))(?::(\d{1,5}))?$/i.exec(host)
  return match !== null && Number(match[3] ?? 0) <= 65535 && URL.canParse(`http://${host}`)
}

/** Path and query of a request target, which may be a whole address (RFC 9112 section 3.2.2) and carry a fragment. */
function splitUrl(target: string): { path: string; query: string } {
  const end = target.indexOf('#')
  const whole = end < 0 ? target : target.slice(0, end)
  const url = whole.startsWith('/') ? whole : whole.replace(/^https?:\/\/[^/?]*\/?/i, '/')
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  const clean = path.includes('//') ? path.replace(/\/{2,}/g, '/') : path
  return {
    path: clean.length > 1 && clean.endsWith('/') ? clean.slice(0, -1) : clean,
    query: mark < 0 ? '' : url.slice(mark),
  }
}
