import type { FastifyInstance, HTTPMethods } from 'fastify'
import { HttpError } from './errors.js'

/**
 * Answers 405 with `Allow` where a path exists but not with that verb.
 *
 * @returns to be called when all routes are there
 */
export function refuseOtherVerbs(app: FastifyInstance): () => void {
  const verbs: HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']
  const routes = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const known = routes.get(url) ?? new Set()
    for (const verb of [method].flat()) known.add(verb)
    routes.set(url, known)
  })
  return () => {
    for (const [url, known] of [...routes]) {
      const allow = verbs.filter((verb) => known.has(verb)).join(', ')
      const handler = () => {
        throw new HttpError(405, 'Method Not Allowed', { headers: { allow } })
      }
      const others = verbs.filter((verb) => !known.has(verb))
      if (others.length > 0) app.route({ method: others, url, handler })
    }
  }
}
