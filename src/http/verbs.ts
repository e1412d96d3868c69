import { METHODS } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { methodNotAllowed } from './errors.js'

/** Every verb that Node understands; CONNECT never comes as a request. */
const verbs = METHODS.filter((verb) => verb !== 'CONNECT')

/**
 * Answers 405 with `Allow` where a path exists but not with that verb.
 *
 * @returns to be called when all routes are there
 */
export function refuseOtherVerbs(app: FastifyInstance): () => void {
  for (const verb of verbs) if (!app.supportedMethods.includes(verb)) app.addHttpMethod(verb)
  const routes = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    // Requests never come with a slash at the end (address.ts), and Fastify tells of some such routes only in part.
    if (url.length > 1 && url.endsWith('/')) return
    const known = routes.get(url) ?? new Set()
    for (const verb of [method].flat()) known.add(verb)
    routes.set(url, known)
  })
  return () => {
    for (const [url, known] of [...routes]) {
      const verbsThere = [...known]
      const refuse = async () => {
        throw methodNotAllowed(verbsThere)
      }
      // Before the body is read: no content of it makes the verb right.
      app.route({ method: verbs.filter((verb) => !known.has(verb)), url, onRequest: refuse, handler: refuse })
    }
  }
}
