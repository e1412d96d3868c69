import { invalid } from '../http/errors.js'
import { readTokenPath } from './token-path.js'

/**
 * Refuses targets that are short URLs of this server: two of them can lead to each other for ever, and each opening would be
 * stored twice. Other addresses on the same host are fine.
 *
 * @param shortBase public base of short URLs
 * @throws HttpError 422
 */
export function refuseShortAddresses(
  fields: { long_url: string; fallback_url?: string | null | undefined; rules?: { long_url: string }[] | undefined },
  shortBase: string,
): void {
  const targets = [
    { field: 'long_url', name: 'long url', target: fields.long_url },
    { field: 'fallback_url', name: 'fallback url', target: fields.fallback_url ?? '' },
    ...(fields.rules ?? []).map((rule, index) => {
      return { field: `rules.${index}.long_url`, name: 'long url', target: rule.long_url }
    }),
  ]
  const own = targets.filter(({ target }) => isShortAddress(target, shortBase))
  if (own.length === 0) return
  throw invalid(
    Object.fromEntries(
      own.map(({ field, name }) => [field, [`The ${name} field must not be a short URL of this server.`]]),
    ),
  )
}

function isShortAddress(target: string, shortBase: string): boolean {
  if (!URL.canParse(target)) return false
  const [{ host, pathname }, base] = [new URL(target), new URL(`${shortBase}/`)]
  if (plain(host) !== plain(base.host) || !pathname.startsWith(base.pathname)) return false
  return readTokenPath(pathname.slice(base.pathname.length).replace(/^\/+|\/+$/g, '')) !== null
}

/** The same host with and without the dot that ends a fully qualified name. */
const plain = (host: string) => host.replace(/\.(?=(?::\d+)?$)/, '')
