import type { FastifyRequest } from 'fastify'
import { isRepeated } from './headers.js'

/** A token longer than this proves nothing and is not looked at. */
const longestToken = 8192

declare module 'fastify' {
  interface FastifyRequest {
    /** What `bearerToken` has found; null before it has looked. */
    accessToken: string | undefined | null
  }
}

/**
 * The token of a request (docs/api-contract.md section 5). A bearer header wins; the query parameter is for clients that cannot send one, such
 * as an EventSource or one behind a proxy that asks for a password. What is no single bearer token is '', which proves nothing.
 *
 * Found once: the query is only what the route knows of it, without the token, when an answer that goes on asks again.
 */
export function bearerToken(request: FastifyRequest): string | undefined {
  if (request.accessToken === null) request.accessToken = tokenOf(request)
  return request.accessToken
}

function tokenOf(request: FastifyRequest): string | undefined {
  const header = request.headers.authorization
  if (header === undefined || !isBearer.test(header)) {
    const { access_token: parameter } = request.query as { access_token?: unknown }
    if (typeof parameter === 'string') return shortened(parameter)
    return header === undefined ? undefined : ''
  }
  if (isRepeated(request, 'authorization')) return ''
  return shortened(/^Bearer +([^ ]+) *$/i.exec(header)?.[1] ?? '')
}

const isBearer = /^Bearer(?: |$)/i

function shortened(token: string): string {
  return token.length > longestToken ? '' : token
}
