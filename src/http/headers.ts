import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { decodeWindows } from '../csv/encoding.js'
import { readUtf8 } from './charset.js'
import { badRequest } from './errors.js'

/** Whether a header was sent more than once. Node keeps the first, a proxy in between may have checked the last. */
export function isRepeated({ raw }: FastifyRequest, name: string): boolean {
  let count = 0
  for (let i = 0; i < raw.rawHeaders.length; i += 2) {
    const sent = raw.rawHeaders[i] ?? ''
    if (sent.length === name.length && sent.toLowerCase() === name) count++
  }
  return count > 1
}

/**
 * The text of a header, of which Node gives one character for each byte: UTF-8 where its bytes are, else windows-1252, which is
 * ISO-8859-1 with quotation marks and dashes.
 */
export function decodedHeader(value: string): string {
  if (!/[^\0-\x7f]/.test(value) || /[^\0-\xff]/.test(value)) return value
  const bytes = Buffer.from(value, 'latin1')
  return readUtf8(bytes) ?? decodeWindows(bytes)
}

/** What an answer depends on besides its address: these request headers, and those that were said before (origins.ts). */
export function varyingBy(reply: FastifyReply, names: string): { vary: string } {
  const said = reply.getHeader('vary')
  return { vary: said === undefined ? names : `${said}, ${names}` }
}

/** HTTP/1.1 asks for exactly one Host header (RFC 9112 section 3.2); Node would refuse a missing one without a body. */
export function requireHost(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _, done) => {
    const missing = request.headers.host === undefined && request.raw.httpVersion === '1.1'
    if (missing || isRepeated(request, 'host')) throw badRequest('The request must have one Host header.')
    done()
  })
}
