import { createHash, randomBytes } from 'node:crypto'
import { describe } from 'vitest'
import { bearer } from '../support/app.js'
import {
  failed,
  forbidden,
  headOf,
  ok,
  onePage,
  otherVerb,
  shown,
  unauthenticated,
  uncounted,
  unknownPath,
  withHeaders,
} from './answers.js'
import { json } from './bodies.js'
import { link, shownLink } from './given.js'
import { contract, type Given } from './site.js'

const answers = contract()
const given = [link(20)]
const empty = shown('OK', [], onePage('/link/urls', 0))

/** A stored token of the case's owner: `<token opaque>`. */
function opaque(fields: { scopes?: string[]; allowedIps?: string[]; expiresAt?: Date; revokedAt?: Date } = {}): Given {
  return async ({ site, id, known }) => {
    const text = randomBytes(20).toString('hex')
    const tokenHash = createHash('sha256').update(text).digest()
    await site.db.prisma.owner.upsert({ where: { id }, create: { id }, update: {} })
    const row = { userId: id, id: crypto.randomUUID(), tokenHash, scopes: [], allowedIps: [], ...fields }
    await site.db.prisma.accessToken.create({ data: row })
    known.set('token opaque', text)
  }
}

const own = { authorization: 'Bearer <token opaque>' }
const past = new Date('2026-01-31T12:00:00Z')

describe('without a token that is accepted', () => {
  answers('none', 'GET /link/urls', { as: null }, unauthenticated('Unauthenticated.', false))
  for (const [what, authorization] of Object.entries({
    'one that nobody has': `Bearer ${'x'.repeat(40)}`,
    'an empty one': 'Bearer ',
    'no scheme': 'x'.repeat(40),
    'another scheme': 'Basic dXNlcjpwYXNz',
    'two of them': 'Bearer a b',
    'a JWT of nobody': 'Bearer eyJhbGciOiJIUzI1NiJ9.e30.x',
    'a JWT without a signature': 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIyNiJ9.',
    'a JWT for no owner': bearer({ sub: 'root' }).authorization,
    'one too long': `Bearer ${'x'.repeat(9000)}`,
  })) {
    answers(what, 'GET /link/urls', { as: null, headers: { authorization } }, unauthenticated())
  }
  answers(
    'expired',
    'GET /link/urls',
    { as: null, headers: bearer({ sub: '26', exp: past.getTime() / 1000 }) },
    {
      ...unauthenticated('Token was expired at 2026-01-31 12:00:00'),
    },
  )
  answers(
    'expired, stored',
    'GET /link/urls',
    { given: [opaque({ expiresAt: past })], as: null, headers: own },
    {
      ...unauthenticated('Token was expired at 2026-01-31 12:00:00'),
    },
  )
  answers(
    'revoked',
    'GET /link/urls',
    { given: [opaque({ revokedAt: past })], as: null, headers: own },
    {
      ...unauthenticated(),
    },
  )
  answers(
    'from elsewhere',
    'GET /link/urls',
    { given: [opaque({ allowedIps: ['10.0.0.0/8'] })], as: null, headers: own },
    {
      ...unauthenticated('Token is not allowed from this ip:127.0.0.1'),
    },
  )
  answers('one in the query that nobody has', 'GET /link/urls?access_token=x', { as: null }, unauthenticated())
  answers(
    'a header counts more than the query',
    'GET /link/urls?access_token=<token opaque>',
    {
      ...{ given: [opaque()], as: null, headers: { authorization: 'Bearer x' } },
    },
    unauthenticated(),
  )
  for (const [verb, path] of [
    ...['/link/urls', '/link/urls/20', '/link/urls/20/visits', '/link/urls/20/recipients', '/auth/me'].map((path) => [
      'GET',
      path,
    ]),
    ...['/developer/webhooks', '/developer/tokens', '/link/visits/feed'].map((path) => ['GET', path]),
    ...['/link/urls', '/link/urls/20', '/link/urls/20/recipients', '/developer/webhooks'].map((path) => ['POST', path]),
    ...[
      ['PUT', '/link/urls/20'],
      ['PATCH', '/link/urls/20'],
      ['DELETE', '/link/urls/20'],
      ['POST', '/developer/tokens'],
    ],
  ]) {
    answers('nobody', `${verb} /api/v2${path}`, { as: null }, unauthenticated('Unauthenticated.', false))
  }
})

describe('with a token that is accepted', () => {
  answers('a JWT', 'GET /link/urls', {}, empty)
  answers('an opaque one', 'GET /link/urls', { given: [opaque()], as: null, headers: own }, empty)
  answers(
    'in small letters',
    'GET /link/urls',
    { given: [opaque()], as: null, headers: { authorization: 'bearer <token opaque>' } },
    empty,
  )
  answers(
    'from where it may be used',
    'GET /link/urls',
    {
      ...{ given: [opaque({ allowedIps: ['10.0.0.0/8', '127.0.0.0/8'] })], as: null, headers: own },
    },
    empty,
  )
  answers(
    'in the query, and in no address of the answer',
    'GET /link/urls?access_token=<token opaque>&a=1',
    {
      ...{ given: [opaque()], as: null },
    },
    shown('OK', [], onePage('/link/urls', 0, 'a=1&')),
  )
  answers(
    'who it is',
    'GET /auth/me',
    { given: [opaque({ scopes: ['links:read'], allowedIps: ['127.0.0.1'] })], as: null, headers: own },
    {
      ...withHeaders(
        ok('OK', {
          id: '<owner number>',
          name: null,
          created_at: '<instant a>',
          token: {
            ...{ id: '<uuid4>', name: '', scopes: ['links:read'], allowed_ips: ['127.0.0.1'], rate_limit: null },
            ...{ expires_at: null, created_at: '<instant b>' },
          },
        }),
        { 'cache-control': 'no-store' },
      ),
    },
  )
  answers(
    'who it is, signed elsewhere',
    'GET /api/v2/auth/me/',
    { as: 'visits:read visits:pii' },
    {
      ...withHeaders(
        ok('OK', {
          ...{ id: '<owner number>', name: null, created_at: null },
          token: {
            ...{ id: null, name: null, scopes: ['visits:read', 'visits:pii'], allowed_ips: [], rate_limit: null },
            ...{ expires_at: null, created_at: null },
          },
        }),
        { 'cache-control': 'no-store' },
      ),
    },
  )
  answers('its head', 'HEAD /auth/me', {}, headOf(withHeaders(ok('OK', []), { 'cache-control': 'no-store' })))
})

describe('scopes', () => {
  const needed: Record<string, string[]> = {
    'links:read': ['GET /link/urls', 'GET /link/urls/20', 'GET /link/urls/20/recipients', 'HEAD /link/urls/20'],
    'links:write': [
      ...['POST /link/urls', 'PUT /link/urls/20', 'PATCH /link/urls/20', 'POST /link/urls/20', 'DELETE /link/urls/20'],
      ...['POST /link/urls/20/recipients', 'POST /link/urls/20?_method=DELETE'],
    ],
    'visits:read': [
      ...[
        'GET /link/urls/20/visits',
        'GET /link/urls/20/visits/feed',
        'GET /link/urls/20/visits/export',
        'GET /link/visits/feed',
      ],
    ],
    'webhooks:read': ['GET /developer/webhooks', 'GET /developer/webhooks/20', 'GET /developer/webhooks/20/deliveries'],
    'webhooks:write': [
      ...['POST /developer/webhooks', 'PUT /developer/webhooks/20', 'DELETE /developer/webhooks/20'],
      ...['GET /developer/webhooks/20/verification-code', 'POST /developer/webhooks/20/deliveries/replay'],
    ],
    'audit:read': ['GET /audit/reads'],
    admin: ['GET /developer/tokens', 'POST /developer/tokens', 'DELETE /developer/tokens/20'],
  }
  const all = Object.keys(needed).filter((scope) => scope !== 'admin')
  for (const [scope, lines] of Object.entries(needed)) {
    const others = all.filter((other) => other !== scope).join(' ')
    for (const line of lines) {
      const answer = line.startsWith('HEAD') ? headOf(forbidden(scope)) : forbidden(scope)
      answers(`without ${scope}`, line, { given, as: others }, answer)
    }
  }
  answers(
    'whole numbers are for who may see them',
    'GET /link/urls/20/visits?filter[mobile]=9019955123',
    { given },
    {
      ...forbidden('visits:pii'),
    },
  )
  answers('admin includes the others', 'GET /link/urls/20', { given, as: 'admin' }, shown('OK', shownLink(20)))
  answers('all of Laravel Passport', 'GET /link/urls/20', { given, as: '*' }, shown('OK', shownLink(20)))
  answers(
    'a form that wants to delete',
    'POST /link/urls/20',
    { given, as: 'links:read', body: json({ _method: 'DELETE' }) },
    {
      ...forbidden('links:write'),
    },
  )
})

describe('paths that are none', () => {
  for (const path of [
    '/',
    '/nope/nope',
    '/link',
    '/link/url',
    '/LINK/URLS',
    '/link/urls/20/visits/20',
    '/link%2Furls',
    '/api',
    '/api/v2',
    '/api/v2/api/v2/api/v2/link/urls',
    '/api/v3/link/urls',
    '/auth',
    '/developer',
  ]) {
    for (const verb of ['GET', 'POST', 'DELETE']) answers('nothing there', `${verb} ${path}`, { as: null }, unknownPath)
  }
  answers('nothing there, with a token', 'GET /nope/nope', {}, unknownPath)
  answers('nothing there, with a broken body', 'POST /nope/nope', { body: json('{') }, unknownPath)
  answers(
    'a broken escape',
    'GET /link/urls/%zz',
    { as: null },
    {
      ...uncounted(failed(400, 'The path of the request is not a valid URL.')),
    },
  )
})

describe('verbs that are none', () => {
  const paths: Record<string, string> = {
    '/link/urls': 'GET, HEAD, POST',
    '/link/urls/20': 'DELETE, GET, HEAD, PATCH, POST, PUT',
    '/link/urls/20/visits': 'GET, HEAD',
    '/link/urls/20/recipients': 'GET, HEAD, POST',
    '/auth/me': 'GET, HEAD',
    '/developer/webhooks': 'GET, HEAD, POST',
    '/developer/tokens': 'GET, HEAD, POST',
    '/health': 'GET, HEAD',
  }
  for (const [path, verbs] of Object.entries(paths)) {
    for (const verb of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']) {
      if (verbs.split(', ').includes(verb)) continue
      answers('not here', `${verb} /api/v2${path}`, { as: null }, otherVerb(verbs))
    }
  }
})

describe('too many requests', () => {
  const limited = contract({ RATE_LIMIT: '2' })
  const tooMany = withHeaders(failed(429, 'Too Many Attempts.'), {
    'retry-after': '<seconds>',
    'x-ratelimit-limit': '2',
    'x-ratelimit-remaining': '0',
    'x-ratelimit-reset': '<unix-time>',
  })
  limited('one left', 'GET /link/urls', {}, empty)
  limited('none left', 'GET /link/urls', { after: ['GET /link/urls'] }, empty)
  for (const line of [
    'GET /link/urls',
    'POST /link/urls',
    'PUT /link/urls/20',
    'DELETE /link/urls/20',
    'GET /link/urls/20/visits',
    'GET /auth/me',
    'GET /developer/webhooks',
  ]) {
    limited('one too many', line, { given, after: ['GET /link/urls', 'GET /auth/me'] }, tooMany)
  }
  limited(
    'one too many, its head',
    'HEAD /link/urls',
    { given, after: ['GET /link/urls', 'GET /auth/me'] },
    headOf(tooMany),
  )
  limited(
    'others are not counted',
    'GET /health',
    { after: ['GET /auth/me', 'GET /auth/me', 'GET /auth/me'] },
    uncounted(ok('OK', [])),
  )
})
