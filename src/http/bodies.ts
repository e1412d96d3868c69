/**
 * Bodies in every form that clients of the hosted service send (contract.md section 4): JSON, also under another content type
 * or none, forms as PHP reads them, and multipart forms. A route sees the same fields whichever it was.
 */
import multipart from '@fastify/multipart'
import { errorCodes, type FastifyInstance, type FastifyRequest } from 'fastify'
import { badRequest, HttpError, invalid } from './errors.js'
import {
  addParameter,
  mostParameters,
  parseQueryString,
  type QueryArray,
  type QueryValue,
  trimmed,
} from './query-string.js'

/** Lists in lists; objects in lists in lists. */
const deepestNesting = 32
/** Everything in a JSON body: the largest request of any route has half of it. */
const mostValues = 200_000

/** Content types of a route with a body, for `schema.consumes`. */
export const bodyTypes = ['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data']

/** Routes that are added to the scope from now on read bodies. GET, HEAD and DELETE have none: what comes with them is ignored. */
export async function acceptBodies(scope: FastifyInstance): Promise<void> {
  scope.addHttpMethod('DELETE', { hasBody: false, overrideExisting: true })
  const parseJson = scope.getDefaultJsonParser('error', 'error')
  scope.addHook('onRequest', async ({ raw: { headers } }) => {
    // What names no type is none, instead of a refusal before anybody has seen the body.
    if (!/^[^\s/;]+\/[^\s/;]+\s*(?:;|$)/.test(headers['content-type'] ?? '')) delete headers['content-type']
  })
  scope.removeContentTypeParser('text/plain')
  const jsonOr = (other: (text: string) => unknown) => {
    return (request: FastifyRequest, text: string, done: (error: Error | null, body?: unknown) => void) => {
      // No form begins like that, but `curl -d` calls everything one.
      if (/^\s*[{[]/.test(text)) void parseJson(request, text, done)
      else done(null, other(text))
    }
  }
  const asText = { parseAs: 'string' } as const
  scope.addContentTypeParser('application/x-www-form-urlencoded', asText, jsonOr(formFields))
  scope.addContentTypeParser('*', asText, jsonOr(nothing))
  await scope.register(multipart, {
    limits: { parts: mostParameters, fields: mostParameters, fieldSize: longestField },
    throwFileSizeLimit: false,
    isPartAFile: (_, __, fileName) => fileName !== undefined,
  })
  scope.addHook('preValidation', async (request) => {
    if (request.isMultipart()) request.body = await multipartFields(request)
    if (request.body !== undefined) request.body = cleaned(request.body, { values: 0 }, 0)
  })
}

function nothing(text: string): undefined {
  if (text !== '') throw new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE()
}

function formFields(text: string): object {
  const parts = text.split('&')
  if (parts.length > mostParameters && parts.filter((part) => part !== '').length > mostParameters)
    throw tooManyFields()
  for (const part of parts) refuseNesting(part.split('=', 1)[0] ?? '')
  return fieldsOf(parseQueryString(text))
}

/** Of a multipart form, in bytes; whatever a route takes is shorter. */
const longestField = 65_536

/** @throws HttpError 400, 413, or 422 that names what came as a file */
async function multipartFields(request: FastifyRequest): Promise<object> {
  if (Number(request.headers['content-length']) > request.routeOptions.bodyLimit) throw tooLarge()
  const fields: QueryArray = new Map()
  const files = new Set<string>()
  const readParts = async () => {
    for await (const part of request.parts()) {
      const name = part.fieldname ?? ''
      if (part.type === 'field') {
        refuseNesting(name)
        addParameter(fields, name, typeof part.value === 'string' ? part.value : JSON.stringify(part.value))
      } else {
        part.file.resume()
        // Without a name of its own it is an input of a page where no file was chosen.
        if (part.filename) files.add(name)
      }
    }
  }
  await Promise.race([tooMuch(request), readParts()]).catch((error: { code?: string }) => {
    if (error instanceof HttpError) throw error
    const isLong = error.code === 'FST_PARTS_LIMIT' || error.code === 'FST_FIELDS_LIMIT'
    throw isLong ? tooManyFields() : badRequest('The body is not valid multipart/form-data.')
  })
  if (files.size === 0) return fieldsOf(fields)
  throw invalid(Object.fromEntries([...files].map((name) => [name, [`The ${name} field must be a text, not a file.`]])))
}

/** Fails when a body turns out to be longer than the route allows: forms in parts are read while they arrive. */
function tooMuch({ raw, routeOptions: { bodyLimit } }: FastifyRequest): Promise<never> {
  return new Promise((_, reject) => {
    let received = 0
    raw.on('data', (chunk: Buffer) => {
      received += chunk.length
      if (received <= bodyLimit) return
      raw.unpipe()
      raw.resume()
      reject(tooLarge())
    })
  })
}

/** The rest of the body is not waited for. */
const tooLarge = () => new HttpError(413, 'The request body is too large.', { headers: { connection: 'close' } })
const tooManyFields = () => new HttpError(413, `The body has more than ${mostParameters} fields.`)
const tooDeep = () => badRequest(`The body is nested more than ${deepestNesting} levels deep.`)

function refuseNesting(name: string): void {
  if (name.length > deepestNesting && name.split(/\[|%5b/i).length > deepestNesting) throw tooDeep()
}

/** Fields as JSON would have them: what PHP numbers is a list. */
function fieldsOf(fields: QueryArray): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  for (const [name, value] of fields) {
    if (name === '__proto__' || (name === 'constructor' && value instanceof Map && value.has('prototype'))) {
      throw badRequest('The body has a field that is not allowed.')
    }
    object[name] = plainValue(value)
  }
  return object
}

function plainValue(value: QueryValue): unknown {
  if (!(value instanceof Map)) return value
  const isList = [...value.keys()].every((key) => /^\d+$/.test(key))
  return isList ? Array.from(value.values(), plainValue) : fieldsOf(value)
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
