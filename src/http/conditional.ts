import { hash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { DescribedAnswer } from './envelope.js'
import { varyingBy } from './headers.js'

/** A strong entity tag (RFC 9110 section 8.8.3) made of everything that the body is made of. */
export function entityTag(...determinants: unknown[]): string {
  return bodyTag(JSON.stringify(determinants))
}

/** A strong entity tag that is made of the body itself. */
export function bodyTag(body: string | Buffer): string {
  return `"${hash('sha256', body, 'base64url').slice(0, 27)}"`
}

/** Whether the client has this representation already (RFC 9110 section 13.1.2). */
export function isUnchanged(request: FastifyRequest, tag: string): boolean {
  const known = request.headers['if-none-match']
  if (known === undefined) return false
  return known.trim() === '*' || known.split(',').some((text) => text.trim().replace(/^W\//, '') === tag)
}

/** Headers of an answer that may be kept by its client only, and asked for again with its tag. */
export function tagged(reply: FastifyReply, tag: string): FastifyReply {
  return reply.headers({ etag: tag, 'cache-control': 'private, no-cache', ...varyingBy(reply, 'Authorization') })
}

/** 304 in the `schema.response` of a route whose answers are tagged. */
export const unchanged = {
  description: 'What the client has, by `If-None-Match`, is still true.',
} satisfies DescribedAnswer

/** 304: what the client has is still true. */
export function notModified(reply: FastifyReply, tag: string): FastifyReply {
  return tagged(reply, tag).code(304).send()
}
