import type { FastifyRequest } from 'fastify'
import { isRepeated } from './headers.js'

/** A token longer than this proves nothing and is not looked at. */
const longestToken = 8192

/**
 * The token of a request (contract.md section 5). The header wins; the query parameter is for clients that cannot send headers,
 * and counts only without one. What is no single bearer token is '', which proves nothing.
 */
export function bearerToken(request: FastifyRequest): string | undefined {
  const header = request.headers.authorization
  if (header === undefined) {
    const { access_token: parameter } = request.query as { access_token?: unknown }
    return typeof parameter === 'string' ? shortened(parameter) : undefined
  }
  if (isRepeated(request, 'authorization')) return ''
  return shortened(/^Bearer +([^ ]+) *$/i.exec(header)?.[1] ?? '')
}

function shortened(token: string): string {
  return token.length > longestToken ? '' : token
}
