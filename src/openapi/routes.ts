import swaggerUi from '@fastify/swagger-ui'
import { z } from 'zod'
import type { Config } from '../config.js'
import { bodyTag, isUnchanged, notModified, tagged, unchanged } from '../http/conditional.js'
import { errorSchema } from '../http/envelope.js'
import type { Api } from '../http/validate.js'

/** `/openapi.json`, the document, and `/docs`, a page to read it with. Both are public: they say nothing of anybody. */
export async function documentRoutes(api: Api, { publicUrl }: Pick<Config, 'publicUrl'>): Promise<void> {
  let document: { body: string; tag: string } | undefined
  const written = () => {
    const body = JSON.stringify(api.swagger())
    return { body, tag: bodyTag(body) }
  }

  api.get('/openapi.json', { schema }, async (request, reply) => {
    document ??= written()
    const { body, tag } = document
    if (isUnchanged(request, tag)) return notModified(reply, tag)
    return tagged(reply, tag).type('application/json; charset=utf-8').send(body)
  })

  await api.register(swaggerUi, {
    routePrefix: '/docs',
    // Behind a proxy that serves PUBLIC_URL below a path.
    ...(publicUrl !== undefined && { indexPrefix: new URL(publicUrl).pathname }),
    theme: { title: 'Smart Link API' },
    uiConfig: { layout: 'BaseLayout', deepLinking: true, docExpansion: 'none', displayRequestDuration: true },
    staticCSP: contentSecurityPolicy,
  })
}

const schema = {
  operationId: 'showDocument',
  summary: 'This document',
  tags: ['Health'],
  response: {
    200: z.looseObject({ openapi: z.literal('3.1.1') }),
    304: unchanged,
    404: errorSchema(404, 'Not Found'),
  },
}

/** Its own scripts and styles, pictures inside of them, and requests to this server: nothing else. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')
