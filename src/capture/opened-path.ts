import type { Config } from '../config.js'
import { hasOnlySigns, readTokenPath } from '../links/token-path.js'

/** Paths below which tokens stand: the root, and the path of SHORT_URL. Without a slash at the end. */
export function shortBases({ shortUrl }: Pick<Config, 'shortUrl'>): string[] {
  return [...new Set(['', shortUrl === undefined ? '' : new URL(shortUrl).pathname.replace(/\/$/, '')])]
}

/**
 * The URL that the router gets: that of a short link without what a message has added to it (links/token-path.ts), and the root
 * without signs behind it, where that leads anywhere. Every other URL stays as it is.
 *
 * @returns a function of a path as http/address.ts cleans it, with its query
 */
export function openedPath(config: Pick<Config, 'shortUrl' | 'rootUrl'>): (url: string) => string {
  const longestFirst = shortBases(config).sort((a, b) => b.length - a.length)
  return (url) => {
    if (plain.test(url) || !url.startsWith('/')) return url
    const mark = url.indexOf('?')
    const path = mark < 0 ? url : url.slice(0, mark)
    if (path.length > longestPath) return url
    const base = longestFirst.find((base) => path.startsWith(`${base}/`)) ?? ''
    const segment = path.slice(base.length + 1)
    const sent = mark < 0 ? '' : url.slice(mark + 1)
    if (config.rootUrl !== undefined && hasOnlySigns(segment)) return withQuery(base || '/', sent)
    const found = readTokenPath(segment)
    if (found === null) return url
    return withQuery(`${base}/${found.token}`, [found.query, sent].filter((query) => query !== '').join('&'))
  }
}

/** Nothing to cut: what a click is nearly always, and the API's paths. */
const plain = /^\/[\w\-./]*[\w-](?:\?|$)/

/** The text beside a link is short; a query in the path is no longer than a target. */
const longestPath = 4096

const withQuery = (path: string, query: string) => (query === '' ? path : `${path}?${query}`)
