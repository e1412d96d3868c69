import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** A strong entity tag (RFC 9110 section 8.8.3) made of everything that the body is made of. */
export function entityTag(...determinants: unknown[]): string {
  return `"${createHash('sha256').update(JSON.stringify(determinants)).digest('base64url').slice(0, 27)}"`
}

/** Whether the client has this representation already (RFC 9110 section 13.1.2). */
export function isUnchanged(request: FastifyRequest, tag: string): boolean {
  const known = request.headers['if-none-match']
  if (known === undefined) return false
  return known.trim() === '*' || known.split(',').some((text) => text.trim().replace(/^W\//, '') === tag)
}

/** Headers of an answer that may be kept by its client only, and asked for again with its tag. */
export function tagged(reply: FastifyReply, tag: string): FastifyReply {
  return reply.headers({ etag: tag, 'cache-control': 'private, no-cache', vary: 'Authorization' })
}

/** 304: what the client has is still true. */
export function notModified(reply: FastifyReply, tag: string): FastifyReply {
  return tagged(reply, tag).code(304).send()
}
