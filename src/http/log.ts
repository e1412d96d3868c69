import type { FastifyRequest, FastifyServerOptions } from 'fastify'

/** Where the log goes; standard output without a stream. */
export interface LogTarget {
  level: string
  stream?: { write(line: string): void }
}

/**
 * Logs without what is private: no address or query of a request (they hold tokens and phone numbers), no header, and of
 * an error only what was not copied from a request or a row.
 */
export function privateLog(target: LogTarget): NonNullable<FastifyServerOptions['logger']> {
  return { ...target, serializers: { req: requestLine, err: errorLine } }
}

/** The route, not the address. */
function requestLine(request: FastifyRequest) {
  return { method: request.method, route: request.routeOptions?.url ?? null }
}

/** The driver's `detail`, `where` and the like quote rows, so fields are named here, not copied. */
function errorLine(error: unknown): ErrorLine {
  if (!(error instanceof Error)) return { type: typeof error, message: '', stack: '' }
  const { code, cause } = error as NodeJS.ErrnoException
  return {
    type: error.name,
    ...(code !== undefined && { code }),
    message: withoutSecrets(error.message),
    stack: withoutSecrets(error.stack ?? ''),
    ...(cause instanceof Error && { cause: errorLine(cause) }),
  }
}

interface ErrorLine {
  [key: string]: unknown
  type: string
  message: string
  stack: string
}

/** Texts of errors may quote values: tokens, keys, query strings and anything as long as a phone number are cut out. */
function withoutSecrets(text: string): string {
  return text
    .replace(/\beyJ[\w-]*(?:\.[\w-]*)*|\b[A-Za-z\d]{40}\b|\bwhsec_[\w+/=]*/g, '[token]')
    .replace(/\?[^\s'"`]+/g, '?[query]')
    .replace(/\d{6,}/g, '[number]')
}
