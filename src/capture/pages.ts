/** What people see when a short link leads nowhere: small, plain, nothing loaded from elsewhere. */
import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { failure } from '../http/envelope.js'
import { HttpError } from '../http/errors.js'

export const unavailable = () =>
  new HttpError(503, 'This link cannot be opened right now. Please try again in a moment.', {
    headers: { 'retry-after': '5' },
  })

/** Answers with a page, or with the envelope for a client that asks for JSON and not for a page. */
export function answerPage(
  request: FastifyRequest,
  reply: FastifyReply,
  { status, message, extra }: HttpError,
): FastifyReply {
  reply.code(status).headers({ ...pageHeaders, ...extra.headers })
  if (wantsJson(request)) {
    return reply.type('application/json; charset=utf-8').send(failure(status, message))
  }
  return reply.type('text/html; charset=utf-8').send(page(status, message))
}

function wantsJson(request: FastifyRequest): boolean {
  return /[/+]json\b/i.test(request.headers.accept ?? '') && !acceptsPage(request)
}

/** Whether a browser asks, for something to show. */
export function acceptsPage({ headers }: FastifyRequest): boolean {
  return /\btext\/html\b/i.test(headers.accept ?? '')
}

const style =
  'body{font:1.1rem/1.6 system-ui,sans-serif;color:#222;background:#fafafa;margin:20vh auto;max-width:32rem;padding:0 1.5rem;text-align:center}' +
  'small{color:#777}@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}small{color:#999}}'

const pageHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

function page(status: number, message: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>${escapeHtml(message)}</title>
<style>${style}</style>
</head>
<body>
<p>${escapeHtml(message)}</p>
<small>${status}</small>
</body>
</html>
`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}
