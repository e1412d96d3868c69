/** First segments of the API's paths, and of those of monitoring, of today and maybe one day. */
const apiWords = [
  ...['link', 'auth', 'developer', 'audit', 'api', 'oauth', 'openapi', 'ws', 'sse'],
  ...['health', 'ready', 'live', 'metrics', 'status', 'version'],
  ...['webhook', 'webhooks', 'visit', 'visits', 'recipient', 'recipients', 'urls'],
]

/** First segments of paths that people open. */
const pageWords = [
  ...['login', 'logout', 'admin', 'account', 'accounts', 'user', 'users'],
  ...['dashboard', 'docs', 'static', 'assets', 'public', 'favicon', 'robots', 'sitemap', 'index'],
]

const ofApi = new Set(apiWords)
const reserved = new Set([...apiWords, ...pageWords])

/** Whether this server answers paths that begin so, or may answer them one day: none of these words is ever a token. */
export function isReserved(word: string): boolean {
  return reserved.has(word.toLowerCase())
}

/** Whether paths that begin so are the API's, which answers programs and never with a page. */
export function isApiWord(word: string): boolean {
  return ofApi.has(word.toLowerCase())
}

/** What a code of a short URL looks like, as the database checks it. */
export const tokenShape = '^[A-Za-z0-9_-]{1,64}$'
