/** First segments of paths that this server answers, or may answer one day: none of them is ever a token. */
const reserved = new Set([
  ...[
    'link',
    'auth',
    'developer',
    'audit',
    'api',
    'oauth',
    'login',
    'logout',
    'admin',
    'account',
    'accounts',
    'user',
    'users',
  ],
  ...['health', 'ready', 'live', 'metrics', 'status', 'version'],
  ...['dashboard', 'docs', 'openapi', 'static', 'assets', 'public', 'favicon', 'robots', 'sitemap', 'index'],
  ...['webhook', 'webhooks', 'visit', 'visits', 'recipient', 'recipients', 'urls', 'ws', 'sse'],
])

export function isReserved(word: string): boolean {
  return reserved.has(word.toLowerCase())
}

/** What a code of a short URL looks like, as the database checks it. */
export const tokenShape = '^[A-Za-z0-9_-]{1,64}$'
