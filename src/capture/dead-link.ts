import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config.js'
import { hostOf, rawPath, routePath } from '../http/address.js'
import { HttpError } from '../http/errors.js'
import { answerPage } from './pages.js'
import { targetUrl } from './target-url.js'

/** A short URL that leads nowhere. Visitors go to a fallback, or see a page with this status and message. */
export class DeadLink extends HttpError {
  constructor(
    status: 404 | 410,
    message: string,
    /** The link's own. */
    readonly fallbackUrl: string | null,
  ) {
    super(status, message)
  }
}

type Owned = { fallbackUrl: string | null }

export const missingLink = () => new DeadLink(404, 'This link does not exist.', null)
export const deletedLink = () => new DeadLink(410, 'This link is not available any more.', null)
export const inactiveLink = (link: Owned) => new DeadLink(404, 'This link is not active.', link.fallbackUrl)
export const expiredLink = (link: Owned) => new DeadLink(410, 'This link has expired.', link.fallbackUrl)
export const usedUpLink = (link: Owned) =>
  new DeadLink(410, 'This link has been opened as often as it may be.', link.fallbackUrl)

export type FallbackConfig = Pick<Config, 'fallbackUrl' | 'targetSchemes' | 'shortUrl' | 'publicUrl'>

/** Redirects to the link's fallback, else to FALLBACK_URL, else answers with the page. */
export function answerDeadLink(
  request: FastifyRequest,
  reply: FastifyReply,
  dead: DeadLink,
  config: FallbackConfig,
): FastifyReply {
  const own = dead.fallbackUrl === null ? null : targetUrl(dead.fallbackUrl, {}, null, config.targetSchemes)
  const location = [own, config.fallbackUrl].find((url) => url != null && !leadsBack(request, url, config))
  return location == null ? answerPage(request, reply, dead) : redirectAside(reply, location)
}

/** Sends a visitor to a page that no link names. */
export function redirectAside(reply: FastifyReply, location: string): FastifyReply {
  return reply
    .code(302)
    .headers({ location, 'cache-control': 'no-store', 'referrer-policy': 'strict-origin-when-cross-origin' })
    .send()
}

/** Whether an address is the one that was asked for: a redirect there would never end. */
export function leadsBack(
  request: FastifyRequest,
  location: string,
  { shortUrl, publicUrl }: Pick<Config, 'shortUrl' | 'publicUrl'>,
): boolean {
  if (!URL.canParse(location)) return false
  const { host, pathname } = new URL(location)
  // Behind a proxy that is not trusted, the host of the request is not the one that the visitor sees.
  const own = [`http://${hostOf(request)}`, shortUrl, publicUrl].flatMap((base) =>
    base !== undefined && URL.canParse(base) ? [new URL(base).host] : [],
  )
  return own.includes(host) && routePath(pathname) === rawPath(request)
}
