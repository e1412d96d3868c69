/**
 * Bodies in every form that clients of the hosted service send (docs/api-contract.md section 4): JSON, also under another content type
 * or none, forms as PHP reads them, and multipart forms. A route sees the same fields whichever it was.
 *
 * Text is read by the charset that the body declares, or as UTF-8. What is not text of that charset is refused with the names of
 * its fields.
 */
import { errorCodes, type FastifyInstance, type FastifyRequest } from 'fastify'
import { mapInStretches } from '../event-loop.js'
import { refuseEncodedBody } from './body-coding.js'
import { charsetOf } from './charset.js'
import { HttpError } from './errors.js'
import { deepestNesting, formFields, multipartFields, tooDeep } from './form-bodies.js'
import { beginsLikeJson, jsonText, longJsonText } from './json-body.js'
import { type JsonExcess, longestAtOnce, parseInPieces } from './json-pieces.js'
import { mostParameters, trimmed } from './query-string.js'

/** Everything in a JSON body: the largest request of any route has half of it. */
const mostValues = 200_000

/** Of an object in a JSON body: those of a form. */
const mostFields = mostParameters

/** What is not a list of things may be as long as a body of most routes. */
const longestThing = 1024 * 1024

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
  const json = (request: FastifyRequest, body: Buffer, done: Done) => {
    const charset = charsetOf(typeOf(request))
    if (body.length <= longestAtOnce) return void parseJson(request, jsonText(body, charset), done)
    return longJson(request, body, charset)
  }
  const longJson = async (request: FastifyRequest, body: Buffer, charset: string | null) => {
    const text = await longJsonText(body, charset)
    return parseInPieces(text, limits, (piece) => parsed(request, piece), exceeding)
  }
  const parsed = (request: FastifyRequest, text: string) => {
    let outcome: { error: Error | null; body?: unknown } | undefined
    void parseJson(request, text, (error, body) => {
      outcome = { error, body }
    })
    if (outcome?.error) throw outcome.error
    return outcome?.body
  }
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
    if (request.body !== undefined) request.body = await cleanedBody(request.body)
  })
}

const limits = { depth: deepestNesting, values: mostValues, fields: mostFields, length: longestThing }

const tooLarge = (text: string) => new HttpError(413, text)

function exceeding(what: JsonExcess): HttpError {
  if (what === 'depth') return tooDeep()
  if (what === 'values') return tooLarge(`The body has more than ${mostValues} values.`)
  return tooLarge(what === 'fields' ? `The body has more than ${mostFields} fields.` : 'The request body is too large.')
}

const typeOf = ({ headers }: FastifyRequest) => headers['content-type'] ?? ''

function nothing(body: Buffer): undefined {
  if (body.length > 0) throw new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE()
}

/** Texts without blanks around them, null where nothing is left, as Laravel hands them to its controllers. */
async function cleanedBody(body: unknown): Promise<unknown> {
  const counted = { values: 0 }
  const list = (items: unknown[], depth: number) => mapInStretches(items, (item) => cleaned(item, counted, depth))
  if (Array.isArray(body)) return list(body, 1)
  if (typeof body !== 'object' || body === null) return cleaned(body, counted, 0)
  const fields: [name: string, value: unknown][] = []
  for (const [name, value] of Object.entries(body)) {
    fields.push([name, Array.isArray(value) ? await list(value, 2) : cleaned(value, counted, 1)])
  }
  return Object.fromEntries(fields)
}

function cleaned(value: unknown, counted: { values: number }, depth: number): unknown {
  if (++counted.values > mostValues) throw exceeding('values')
  if (typeof value === 'string') return trimmed(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth === deepestNesting) throw tooDeep()
  if (Array.isArray(value)) return value.map((item) => cleaned(item, counted, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, cleaned(item, counted, depth + 1)]))
}
