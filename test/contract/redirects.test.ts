import { describe } from 'vitest'
import { chromeOnMac } from '../support/visits.js'
import { type Answer, failed, headOf, onePage, shown, uncounted, unknownPath, withHeaders } from './answers.js'
import { foreignLink, link, recipients, shownVisit } from './given.js'
import { contract, type Request } from './site.js'

const answers = contract()
const past = new Date('2026-01-31T12:00:00Z')
const browser = { host: 's.example.com', 'user-agent': `${chromeOnMac.userAgent}`, 'accept-language': 'en-US,en;q=0.9' }
const opens = (title: string, line: string, request: Request, answer: Answer) =>
  answers(title, line, { as: null, ...request, headers: { ...browser, ...request.headers } }, answer)

const redirect = (location: string, status = 302): Answer => ({
  ...{ status, headers: { location, 'cache-control': 'no-store' }, body: '', isCounted: false },
})
const noLink = 'This link does not exist.'
const json = (status: number, message: string) =>
  uncounted(withHeaders(failed(status, message), { 'cache-control': 'no-store' }))
const style =
  'body{font:1.1rem/1.6 system-ui,sans-serif;color:#222;background:#fafafa;margin:20vh auto;max-width:32rem;padding:0 1.5rem;text-align:center}' +
  'small{color:#777}@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}small{color:#999}}'
const page = (status: number, message: string): Answer => ({
  ...withHeaders(json(status, message), { 'content-type': 'text/html; charset=utf-8' }),
  body: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>${message}</title>
<style>${style}</style>
</head>
<body>
<p>${message}</p>
<small>${status}</small>
</body>
</html>
`,
})

describe('opening a short link', () => {
  const given = [link(20)]
  opens('leads on', 'GET /<token 20>', { given }, redirect('https://example.com/20'))
  opens(
    'a second time too',
    'GET /<token 20>',
    { given, after: ['GET /<token 20>'] },
    redirect('https://example.com/20'),
  )
  opens('by HEAD too', 'HEAD /<token 20>', { given }, redirect('https://example.com/20'))
  opens('with a slash', 'GET /<token 20>/', { given }, redirect('https://example.com/20'))
  opens('with two slashes', 'GET //<token 20>', { given }, redirect('https://example.com/20'))
  opens('with a query', 'GET /<token 20>?utm_source=sms', { given }, redirect('https://example.com/20'))
  opens(
    'with whatever token of the API',
    'GET /<token 20>',
    { given, as: 'links:read' },
    redirect('https://example.com/20'),
  )
  opens("somebody else's", 'GET /<token foreign>', { given: [foreignLink(20)] }, redirect('https://example.com/20'))
  for (const redirectStatus of [301, 302, 303, 307, 308]) {
    opens(
      'as the link says',
      'GET /<token 20>',
      { given: [link(20, { redirectStatus })] },
      {
        ...redirect('https://example.com/20', redirectStatus),
      },
    )
  }
  const passing = [link(20, { forwardQuery: true, longUrl: 'https://example.com/?own=1#end' })]
  opens(
    'its query passed on',
    'GET /<token 20>?own=2&utm=a%20b',
    { given: passing },
    {
      ...redirect('https://example.com/?own=1&utm=a%20b#end'),
    },
  )
})

describe('placeholders of the target', () => {
  const fills = (longUrl: string, location: string) =>
    opens(longUrl, 'GET /<token 20>?q=1', { given: [link(20, { longUrl })] }, redirect(location))
  fills('https://example.com/{browser}/{{browser}}', 'https://example.com/Chrome/Chrome')
  for (const [name, value] of Object.entries({
    ...{ client_ip: '127.0.0.1', host: 's.example.com', browser: 'Chrome', browser_version: '67.0.3396.99' },
    ...{
      browser_lang: 'en',
      browser_engine: 'Blink',
      platform: 'Mac',
      platform_name: 'MAC',
      platform_version: '10.13.6',
    },
    ...{ device_type: 'desktop', device_brand: 'Apple', device_version: '', device_model: '', touch_enabled: '0' },
    ...{ country_code: '', country: 'localhost', region: '', city: 'localhost', created_at: '<unix-time>', mobile: '' },
    ...{ id: '<uuid>', link_id: '20', colour: '{colour}', user_agent: encodeURIComponent(browser['user-agent']) },
  })) {
    fills(
      `https://example.com/?v={${name}}&w`,
      `https://example.com/?v=${value.replaceAll('(', '%28').replaceAll(')', '%29')}&w`,
    )
  }
  fills('https://example.com/{', 'https://example.com/{')
  const given = [link(20, { longUrl: 'https://example.com/?m={mobile}' }), recipients(20, '+919019955123')]
  opens('the number of a recipient', 'GET /<token r1>', { given }, redirect('https://example.com/?m=%2B919019955123'))
})

describe('other targets', () => {
  const rules = [
    { when: { platform: ['Mac'], browser_lang: ['de'] }, long_url: 'https://example.com/mac-de' },
    { when: { platform: ['Mac'] }, long_url: 'https://example.com/mac/{browser}' },
  ]
  const given = [link(20, { rules })]
  opens('the first that fits', 'GET /<token 20>', { given }, redirect('https://example.com/mac/Chrome'))
  opens(
    'one before it',
    'GET /<token 20>',
    { given, headers: { 'accept-language': 'de' } },
    redirect('https://example.com/mac-de'),
  )
  opens('none', 'GET /<token 20>', { given, headers: { 'user-agent': 'x' } }, redirect('https://example.com/20'))
})

describe('a short link that leads nowhere', () => {
  const asJson = { accept: 'application/json' }
  const nowhere = (title: string, given: Request['given'], status: number, message: string, after: string[] = []) => {
    opens(title, 'GET /<token 20>', { given: given ?? [], after }, page(status, message))
    opens(
      `${title}, for programs`,
      'GET /<token 20>',
      { given: given ?? [], after, headers: asJson },
      json(status, message),
    )
    opens(`${title}, its head`, 'HEAD /<token 20>', { given: given ?? [], after }, headOf(page(status, message)))
  }
  nowhere('switched off', [link(20, { status: 0 })], 404, 'This link is not active.')
  nowhere('leading inside', [link(20, { longUrl: 'javascript:alert(1)' })], 404, 'This link is not active.')
  nowhere('expired', [link(20, { expiresAt: past })], 410, 'This link has expired.')
  nowhere('deleted', [link(20, { deletedAt: past })], 410, 'This link is not available any more.')
  nowhere('used up', [link(20, { maxVisits: 1n })], 410, 'This link has been opened as often as it may be.', [
    'GET /<token 20>',
  ])
  opens('missing', 'GET /none-<owner>', {}, page(404, noLink))
  opens('missing, for programs', 'GET /none-<owner>', { headers: asJson }, json(404, noLink))
  opens('too long to be one', `GET /${'x'.repeat(65)}`, {}, unknownPath)
  opens('no code', 'GET /a.b', {}, unknownPath)
  opens('deeper than one', 'GET /a/b', {}, unknownPath)
  opens('a word of the API', 'GET /link', {}, unknownPath)
  for (const verb of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    opens('nothing is said of it', `${verb} /<token 20>`, { given: [link(20)] }, unknownPath)
  }
  answers('not on the host of the API', 'GET /<token 20>', { given: [link(20)] }, unknownPath)
  opens('the API, not on this host', 'GET /link/urls', {}, unknownPath)
})

describe('what a click leaves behind', () => {
  const together = contract({ SHORT_URL: 'https://api.example.com' })
  const { host, ...headers } = browser
  const path = '/link/urls/20/visits'
  const clicked = (changes: object) =>
    shownVisit(1, 20, {
      ...{ id: '<uuid>', visit_id: '<uuid8>', scheme: 'http', host: 'api.example.com', created_at: '<wall-time>' },
      ...changes,
    })
  together(
    'the documented visit',
    `GET ${path}`,
    { given: [link(20)], after: ['GET /<token 20>?a=1&b'], headers },
    {
      ...withHeaders(shown('Visits', [clicked({ query_string: 'a=1&b' })], onePage(path, 1)), {
        'x-ratelimit-remaining': '999',
      }),
    },
  )
  together(
    'who it was sent to',
    `GET ${path}`,
    {
      ...{ given: [link(20), recipients(20, '919019955123')], after: ['GET /<token r1>'], headers },
    },
    {
      ...withHeaders(
        shown(
          'Visits',
          [clicked({ token: '<token r1>', message_id: '<token r1>', mobile: '919019955***' })],
          onePage(path, 1),
        ),
        { 'x-ratelimit-remaining': '999' },
      ),
    },
  )
})
