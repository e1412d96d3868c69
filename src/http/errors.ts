import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isConflict, isDatabaseAway, isLockTimeout, isReadOnly, isStatementTimeout } from '../database/errors.js'
import { OwnerBusyError } from '../database/owner-share.js'
import { type FieldErrors, failure } from './envelope.js'
import { securityHeaders } from './security-headers.js'
import { formatTime } from './time.js'

/** An answer other than success. The message is public; everything else that is thrown becomes an anonymous 500. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** `data` is `[]` without it. */
    readonly extra: { errors?: FieldErrors; data?: object; headers?: Record<string, string> } = {},
  ) {
    super(message)
  }
}

/** Missing and foreign records answer alike (docs/api-contract.md section 5). */
export const notFound = () => new HttpError(404, 'No results found')

export const badRequest = (message: string) => new HttpError(400, message)

/** @param verbs that the path has */
export const methodNotAllowed = (verbs: Iterable<string>) =>
  new HttpError(405, 'Method Not Allowed', { headers: { allow: [...verbs].sort().join(', ') } })

/** @param errors what needs the scope, where the rest of the request does not */
export const forbidden = (scope: string, errors?: FieldErrors) =>
  new HttpError(403, 'User does not have the right permissions.', {
    ...(errors && { errors }),
    headers: { 'www-authenticate': `Bearer realm="smart-link", error="insufficient_scope", scope="${scope}"` },
  })

/** RFC 6750: without a token only the scheme is named; a token that was refused adds why. */
export const unauthenticated = (message = 'Unauthenticated.', tokenGiven = true) =>
  new HttpError(401, message, {
    headers: { 'www-authenticate': `Bearer realm="smart-link"${tokenGiven ? ', error="invalid_token"' : ''}` },
  })

/** @param zone of the time that it says */
export const expiredAt = (time: Date, zone: string) => unauthenticated(`Token was expired at ${formatTime(time, zone)}`)

/**
 * Headers as Laravel's throttle has them (docs/api-contract.md section 6).
 *
 * @param waitMs after which the next one is answered
 */
export function tooManyRequests(limit: number, waitMs: number): HttpError {
  const headers = {
    'retry-after': String(Math.max(Math.ceil(waitMs / 1000), 1)),
    'x-ratelimit-limit': String(limit),
    'x-ratelimit-remaining': '0',
    'x-ratelimit-reset': String(Math.ceil((Date.now() + waitMs) / 1000)),
  }
  return new HttpError(429, 'Too Many Attempts.', { headers })
}

/** 422 as Laravel words it: the first error, how many more there are, and all of them by field. */
export function invalid(errors: FieldErrors): HttpError {
  const texts = Object.values(errors).flat()
  const more = texts.length - 1
  const rest = more === 0 ? '' : ` (and ${more} more ${more === 1 ? 'error' : 'errors'})`
  return new HttpError(422, `${texts[0] ?? 'The given data was invalid.'}${rest}`, { errors })
}

/** The only error handler and the only 404, answered with `answer`. */
export function handleErrors(app: FastifyInstance, answer = answerError): void {
  const missing = async () => {
    throw new HttpError(404, 'Not Found')
  }
  app.setErrorHandler(answer)
  app.setNotFoundHandler(missing)
  // Before the body is read: a malformed one would answer 400 for a route that is not there.
  app.addHook('onRequest', async ({ is404 }) => (is404 ? missing() : undefined))
}

export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = toHttpError(error)
  // What is said on purpose, such as that the server is busy, may be said a thousand times a second: without a place in the code.
  if (known === error && known.status >= 500) request.log.warn({ reason: known.message }, 'request refused')
  else if (known.status >= 500) request.log.error({ err: error }, 'request failed')
  const body = failure(known.status, known.message, known.extra)
  return reply
    .code(known.status)
    .headers({ ...securityHeaders, 'x-request-id': request.id, ...known.extra.headers })
    .type('application/json; charset=utf-8')
    .send(body)
}

/** What the caller may know of an error. */
export function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error
  if (isReadOnly(error)) {
    return new HttpError(503, 'The database takes no writes. Try again soon.', { headers: { 'retry-after': '5' } })
  }
  if (isDatabaseAway(error)) {
    return new HttpError(503, 'The database is not available. Try again soon.', { headers: { 'retry-after': '5' } })
  }
  if (isLockTimeout(error) || isConflict(error) || error instanceof OwnerBusyError) {
    return new HttpError(503, 'Another change of the account takes long. Try again soon.', {
      headers: { 'retry-after': '5' },
    })
  }
  if (isStatementTimeout(error)) {
    return new HttpError(503, 'The query took too long. Narrow it down.', { headers: { 'retry-after': '30' } })
  }
  return (error instanceof Error && frameworkError(error as FastifyError)) || new HttpError(500, 'Server Error')
}

/** Fastify's own refusals, in words of ours: theirs may quote the request. */
function frameworkError(error: FastifyError): HttpError | null {
  const texts: Record<string, string> = {
    FST_ERR_CTP_BODY_TOO_LARGE: 'The request body is too large.',
    FST_ERR_CTP_INVALID_MEDIA_TYPE: 'The content type of the body is not supported.',
    FST_ERR_CTP_EMPTY_JSON_BODY: 'The body is empty, but its content type says JSON.',
    FST_ERR_CTP_INVALID_JSON_BODY: 'The body is not valid JSON.',
    FST_ERR_BAD_URL: 'The path of the request is not a valid URL.',
  }
  const status = error.statusCode
  if (status === undefined || status < 400 || status > 499) return null
  const syntax = error instanceof SyntaxError ? 'The body is not valid JSON.' : undefined
  return new HttpError(status, texts[error.code] ?? syntax ?? STATUS_CODES[status] ?? 'Bad Request')
}
