import { subscribe } from 'node:diagnostics_channel'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { readDocument } from './document.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route is a test's own. */
    ofTest?: boolean
  }
}

declare global {
  /** While this is so, answers are not looked at: who measures what a request costs would measure that too. */
  var answersAreMeasured: boolean | undefined
}

/** Holds every answer of every app of this process, from now on, against the document that this app gives of itself. */
export function holdAnswers(found: (undocumented: string) => void): void {
  // Told before anything else of an app, so that its hook is one of every scope.
  subscribe('fastify.initialization', (message) => {
    const app = (message as { fastify: FastifyInstance }).fastify
    app.addHook('onSend', async (request, reply, payload) => {
      // An error is not sent any more when the head is out, or the connection cut.
      if (globalThis.answersAreMeasured) return payload
      const isSent = !reply.raw.headersSent && !reply.raw.destroyed
      if (!app.hasDecorator('swagger') || isExempt(request, reply) || !isSent) return payload
      const problem = problemOf(app, request, reply, payload)
      if (problem !== null)
        found(`${request.method} ${request.routeOptions.url ?? '*'} ${reply.statusCode}: ${problem}`)
      return payload
    })
  })
}

/**
 * Routes of tests, the pages and files of the document's viewer and of the dashboard, what browsers are told before a page
 * may ask (CORS), and where a browser ends up that opens what is no link.
 */
function isExempt(request: FastifyRequest, reply: FastifyReply): boolean {
  const { method, routeOptions, headers, is404 } = request
  const { config, url = '' } = routeOptions
  const isPage = url.startsWith('/docs') || url.startsWith('/dashboard')
  const isPreflight = method === 'OPTIONS' && reply.statusCode === 204
  return (
    config.ofTest === true || isPage || isPreflight || (accepts(headers.accept, 'text/html') && isNoLink(reply, is404))
  )
}

const accepts = (accept = '', type: string) => accept.includes(type)

function isNoLink(reply: FastifyReply, isMissing: boolean): boolean {
  if (reply.statusCode === 302) return isMissing
  return [404, 405].includes(reply.statusCode) && String(reply.getHeader('content-type')).startsWith('text/html')
}

function problemOf(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply, payload: unknown) {
  const document = readDocument(app.swagger())
  const { operationId } = (request.chosenRoute ?? request.routeOptions).schema ?? {}
  const answer = { status: reply.statusCode, headers: reply.getHeaders(), isHead: request.method === 'HEAD', payload }
  // A verb that the path does not have, though a body asked for it (http/method-override.ts), is none of the operation's.
  const isOther = operationId === undefined || reply.statusCode === 405
  return isOther ? document.problemOfError(answer) : document.problemOf(operationId, answer)
}
