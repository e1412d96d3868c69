/**
 * Bodies in every form that clients of the hosted service send (docs/api-contract.md section 4): JSON, also under another content type
 * or none, forms as PHP reads them, and multipart forms. A route sees the same fields whichever it was.
 *
 * Text is read by the charset that the body declares, or as UTF-8. What is not text of that charset is refused with the names of
 * its fields.
 */
import { errorCodes, type FastifyInstance, type FastifyRequest } from 'fastify'
import { refuseEncodedBody } from './body-coding.js'
import { charsetOf } from './charset.js'
import { HttpError } from './errors.js'
import { deepestNesting, formFields, multipartFields, tooDeep } from './form-bodies.js'
import { beginsLikeJson, jsonText } from './json-body.js'
import { trimmed } from './query-string.js'

/** Everything in a JSON body: the largest request of any route has half of it. */
const mostValues = 200_000

/** Content types of a route with a body, for `schema.consumes`. */
export const bodyTypes = ['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data']

type Done = (error: Error | null, body?: unknown) => void

/** Routes that are added to the scope from now on read bodies. GET, HEAD and DELETE have none: what comes with them is ignored. */
export async function acceptBodies(scope: FastifyInstance): Promise<void> {
  scope.addHttpMethod('DELETE', { hasBody: false, overrideExisting: true })
  const parseJson = scope.getDefaultJsonParser('error', 'error')
  scope.addHook('onRequest', async (request) => {
    const { headers } = request.raw
    // What names no type is none, instead of a refusal before anybody has seen the body.
    if (!/^[^\s/;]+\/[^\s/;]+\s*(?:;|$)/.test(headers['content-type'] ?? '')) delete headers['content-type']
    refuseEncodedBody(request)
  })
  scope.removeContentTypeParser('text/plain')
  const json = (request: FastifyRequest, body: Buffer, done: Done) =>
    void parseJson(request, jsonText(body, charsetOf(typeOf(request))), done)
  const form = (read: (body: Buffer, contentType: string) => unknown) => {
    return (request: FastifyRequest, body: Buffer, done: Done) => done(null, read(body, typeOf(request)))
  }
  // No form begins like JSON, but `curl -d` calls everything one.
  const jsonOr = (read: (body: Buffer, contentType: string) => unknown) => {
    return (request: FastifyRequest, body: Buffer, done: Done) =>
      (beginsLikeJson(body) ? json : form(read))(request, body, done)
  }
  const asBytes = { parseAs: 'buffer' } as const
  scope.addContentTypeParser('application/json', asBytes, json)
  scope.addContentTypeParser('application/x-www-form-urlencoded', asBytes, jsonOr(formFields))
  scope.addContentTypeParser('multipart/form-data', asBytes, form(multipartFields))
  scope.addContentTypeParser('*', asBytes, jsonOr(nothing))
  scope.addHook('preValidation', async (request) => {
    if (request.body !== undefined) request.body = cleaned(request.body, { values: 0 }, 0)
  })
}

const typeOf = ({ headers }: FastifyRequest) => headers['content-type'] ?? ''

function nothing(body: Buffer): undefined {
  if (body.length > 0) throw new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE()
}

/** Texts without blanks around them, null where nothing is left, as Laravel hands them to its controllers. */
function cleaned(value: unknown, counted: { values: number }, depth: number): unknown {
  if (++counted.values > mostValues) throw new HttpError(413, `The body has more than ${mostValues} values.`)
  if (typeof value === 'string') return trimmed(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth === deepestNesting) throw tooDeep()
  if (Array.isArray(value)) return value.map((item) => cleaned(item, counted, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, cleaned(item, counted, depth + 1)]))
}
