import type { FastifyRequest } from 'fastify'
import { HttpError } from './errors.js'

/**
 * Refuses a body that is compressed (RFC 9110 section 8.4): bodies are taken as they are, so that none grows behind its limit.
 * A request without a body, or whose body is ignored, may name any coding.
 *
 * @throws HttpError 415
 */
export function refuseEncodedBody({ method, raw: { headers } }: FastifyRequest): void {
  const codings = headers['content-encoding']
  if (codings === undefined || !/^(?:POST|PUT|PATCH)$/.test(method)) return
  if (headers['transfer-encoding'] === undefined && !(Number(headers['content-length']) > 0)) return
  if (codings.split(',').every((coding) => /^(?:identity)?$/i.test(coding.trim()))) return
  throw new HttpError(415, 'The content encoding of the body is not supported: send it without.', {
    headers: { 'accept-encoding': 'identity', connection: 'close' },
  })
}
