import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import type { Config } from './config.js'
import { entityTag, isUnchanged } from './http/conditional.js'
import { HttpError } from './http/errors.js'

/** Where `npm run build` puts it, seen from src and from dist alike. */
const built = new URL('../dist/dashboard/', import.meta.url)

/**
 * The dashboard: a page that asks the API like any other client, with the access token that its user gives it. It is public: it says
 * nothing of anybody.
 *
 * The page is asked for anew each time, its assets never again: their names change with their content.
 */
export async function dashboardRoutes(
  app: FastifyInstance,
  config: Pick<Config, 'publicUrl' | 'outputZone' | 'streamHeartbeatMs'>,
): Promise<void> {
  const template = await readFile(new URL('index.html', built), 'utf8').catch(() => null)
  const page = template === null ? null : placed(template, config)
  const tag = entityTag(page)
  const headers = { ...security, etag: tag, 'cache-control': 'no-cache' }

  app.get('/dashboard', async (request, reply) => {
    if (page === null) throw new HttpError(404, 'The dashboard is not built: npm run build.')
    reply.headers(headers)
    if (isUnchanged(request, tag)) return reply.code(304).send()
    return reply.type('text/html; charset=utf-8').send(page)
  })

  if (page === null) return
  await app.register(fastifyStatic, {
    root: fileURLToPath(new URL('assets/', built)),
    prefix: '/dashboard/assets/',
    index: false,
    decorateReply: false,
    preCompressed: true,
    immutable: true,
    maxAge: '365d',
    setHeaders: (reply) => void reply.setHeader('x-content-type-options', 'nosniff'),
  })
}

/** Behind a proxy that serves PUBLIC_URL below a path, everything is below that path. */
function placed(
  template: string,
  { publicUrl, outputZone, streamHeartbeatMs }: Parameters<typeof dashboardRoutes>[1],
): string {
  const path = publicUrl === undefined ? '' : attribute(new URL(publicUrl).pathname.replace(/\/$/, ''))
  return template
    .replaceAll('"./assets/', `"${path}/dashboard/assets/`)
    .replace('data-api=""', `data-api="${path}"`)
    .replace('data-zone="UTC"', `data-zone="${attribute(outputZone)}"`)
    .replace('data-heartbeat="15000"', `data-heartbeat="${streamHeartbeatMs}"`)
}

const attribute = (text: string) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;')

/** Its own scripts and styles, pictures inside of them, and requests to this server: nothing else. */
const security = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
}
