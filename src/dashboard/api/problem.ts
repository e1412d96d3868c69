import { texts } from '../texts.js'

/** Why an answer is not what was asked for, in words for the person. */
export interface Problem {
  /** HTTP status; 0 where there was no answer at all. */
  status: number
  message: string
  /** By field, of what was sent. */
  fields: Record<string, string[]>
}

interface ErrorEnvelope {
  message?: string
  errors?: Record<string, string[]>
}

export function problemOf(response: Response, error: unknown): Problem {
  const { message = '', errors = {} } = (typeof error === 'object' && error !== null ? error : {}) as ErrorEnvelope
  return { status: response.status, message: words(response, message), fields: errors }
}

export const unreachable = (): Problem => ({ status: 0, message: texts.errors.unreachable, fields: {} })

function words(response: Response, message: string): string {
  const { errors } = texts
  switch (response.status) {
    case 401:
      return errors.unauthenticated(message)
    case 403:
      return errors.forbidden(/scope="([^"]+)"/.exec(response.headers.get('www-authenticate') ?? '')?.[1])
    case 404:
      return errors.missing
    case 429:
      return errors.tooMany(Number(response.headers.get('retry-after') ?? 60))
    case 503:
      return message || errors.busy
    default:
      if (response.status >= 500) return errors.server(response.headers.get('x-request-id'))
      // What stands in front of a server refuses in HTML of its own.
      return message || (response.status === 413 ? errors.tooLarge : errors.noReason(response.status))
  }
}
