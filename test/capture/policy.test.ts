import { expect, it } from 'vitest'
import { botReason, type Suspect, verdict } from '../../src/capture/policy.js'
import { describeUserAgent } from '../../src/capture/user-agent.js'

const chrome =
  'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36'
const openedAt = new Date('2026-01-01T12:00:00Z')

const suspect = (given: Partial<Suspect> = {}, userAgent = chrome): Suspect => ({
  method: 'GET',
  headers: { 'user-agent': userAgent },
  isProgram: describeUserAgent(userAgent, {}).is_bot,
  openedAt,
  sentAt: null,
  isFromScanners: false,
  ...given,
})

it('takes a browser for a person', () => {
  expect(botReason(suspect())).toBeNull()
})

it('takes HEAD for a bot, whoever asks', () => {
  expect(botReason(suspect({ method: 'HEAD' }))).toBe('head')
})

it.each([
  ['sec-purpose', 'prefetch'],
  ['sec-purpose', 'prefetch;prerender'],
  ['purpose', 'prefetch'],
  ['x-purpose', 'preview'],
  ['x-moz', 'prefetch'],
  ['X-Moz', 'Prefetch'],
])('takes %s: %s for a browser that nobody has asked yet', (name, value) => {
  const headers = { 'user-agent': chrome, [name.toLowerCase()]: value }
  expect(botReason(suspect({ headers }))).toBe('prefetch')
})

it.each([
  'WhatsApp/2.23.20.0',
  'WhatsApp/2.22.1.52 A',
  'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)',
  // iMessage
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0',
  'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)',
  'TelegramBot (like TwitterBot)',
  'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)',
  'Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)',
  'LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)',
  'Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5',
])('knows a preview by its user agent: %s', (userAgent) => {
  expect(botReason(suspect({}, userAgent))).toBe('preview')
})

it.each([
  '',
  'curl/8.5.0',
  'python-requests/2.32.3',
  'okhttp/4.12.0',
  'Go-http-client/2.0',
  'axios/1.7.0',
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
])('knows a program by its user agent: %s', (userAgent) => {
  expect(botReason(suspect({}, userAgent))).toBe('user_agent')
})

it.each([
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/22F76 Instagram 382.0.0.28.82 (iPhone15,2; iOS 18_5; en_GB; en; scale=3.00; 1179x2556)',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/519.0.0.56.78]',
  'Mozilla/5.0 (Linux; Android 14; SM-A546B; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/130.0.0.0 Mobile Safari/537.36 Viber/22.1.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Safari Line/14.9.0',
])('takes a browser inside a messenger for a person: %s', (userAgent) => {
  expect(botReason(suspect({}, userAgent))).toBeNull()
})

it.each([
  [-2001, null],
  [-2000, 'just_sent'],
  [0, 'just_sent'],
  [2000, 'just_sent'],
  [2001, null],
])('takes nobody for a person who opens %s ms after the message was sent', (afterMs, reason) => {
  expect(botReason(suspect({ sentAt: new Date(openedAt.getTime() - afterMs) }))).toBe(reason)
})

it('names the surest reason', () => {
  const headers = { 'user-agent': 'curl/8.5.0', purpose: 'prefetch' }
  const all = { method: 'HEAD', headers, isProgram: true, openedAt, sentAt: openedAt, isFromScanners: true }
  expect(botReason(all)).toBe('head')
  expect(botReason({ ...all, method: 'GET' })).toBe('prefetch')
  expect(botReason({ ...all, method: 'GET', headers: {} })).toBe('user_agent')
})

it('stores a reason with a bot, and nothing with a person', () => {
  expect(verdict('head')).toEqual({ isBot: true, options: { bot: true, bot_reason: 'head' } })
  expect(verdict(null)).toEqual({ isBot: false, options: null })
})
