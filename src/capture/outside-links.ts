import type { FastifyRequest } from 'fastify'
import { rawPath } from '../http/address.js'
import { answerError, HttpError, toHttpError } from '../http/errors.js'
import type { Hosts } from '../http/hosts.js'
import { securityHeaders } from '../http/security-headers.js'
import { isApiWord, isReserved } from '../links/reserved.js'
import { answerDeadLink, type FallbackConfig, missingLink } from './dead-link.js'
import { acceptsPage, answerPage } from './pages.js'

export interface OutsideLinksDeps {
  hosts: Hosts
  config: FallbackConfig
  /** Whether this process has the API too. */
  hasApi: boolean
}

/**
 * Answers errors of requests that were routed to no short link. On hosts that open links a browser gets a page: 404 for whatever
 * is not there, also for a path that cannot be decoded, and 405. Everyone else, and the API's paths for everyone, get the envelope.
 */
export function answerOutsideLinks({ hosts, config, hasApi }: OutsideLinksDeps): typeof answerError {
  const isOfApi = (request: FastifyRequest) => hasApi && hosts.answersApi(request) && isApiPath(request)
  return (error, request, reply) => {
    const known = toHttpError(error)
    const isForPeople =
      [400, 404, 405].includes(known.status) && acceptsPage(request) && hosts.opensLinks(request) && !isOfApi(request)
    if (!isForPeople) return answerError(error, request, reply)
    reply.headers({ ...securityHeaders, 'x-request-id': request.id })
    if (known.status === 405) return answerPage(request, reply, nothingToSend(known))
    if (/^(?:GET|HEAD)$/.test(request.method) && mayBeLink(request)) {
      return answerDeadLink(request, reply, missingLink(), config)
    }
    return answerPage(request, reply, missingLink())
  }
}

/** Whether the first segment of a path is one of the API's words (links/reserved.ts), in any case of letters. */
export function isApiPath(request: Pick<FastifyRequest, 'originalUrl'>): boolean {
  return isApiWord(firstWord(request))
}

/** Neither the root, nor a file that browsers and search engines look for by its name. */
function mayBeLink(request: FastifyRequest): boolean {
  return /^\/[^.]/.test(rawPath(request)) && !isReserved(firstWord(request))
}

const firstWord = (request: Pick<FastifyRequest, 'originalUrl'>) => /^\/([\w-]*)/.exec(rawPath(request))?.[1] ?? ''

const nothingToSend = ({ status, extra }: HttpError) =>
  new HttpError(status, 'Nothing can be sent to this address.', extra)
