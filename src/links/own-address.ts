import { invalid } from '../http/errors.js'
import { isReserved, tokenShape } from './reserved.js'

/**
 * Refuses targets that are short URLs of this server: two of them can lead to each other for ever, and each opening would be
 * stored twice. Other addresses on the same host are fine.
 *
 * @param shortBase public base of short URLs
 * @throws HttpError 422
 */
export function refuseShortAddresses(
  { long_url: longUrl, rules = [] }: { long_url: string; rules?: { long_url: string }[] | undefined },
  shortBase: string,
): void {
  const targets = [['long_url', longUrl], ...rules.map((rule, index) => [`rules.${index}.long_url`, rule.long_url])]
  const own = targets.filter(([, target = '']) => isShortAddress(target, shortBase))
  if (own.length === 0) return
  throw invalid(
    Object.fromEntries(own.map(([field]) => [field, ['The long url field must not be a short URL of this server.']])),
  )
}

function isShortAddress(target: string, shortBase: string): boolean {
  if (!URL.canParse(target)) return false
  const [{ host, pathname }, base] = [new URL(target), new URL(`${shortBase}/`)]
  if (plain(host) !== plain(base.host) || !pathname.startsWith(base.pathname)) return false
  const token = pathname.slice(base.pathname.length).replace(/^\/+|\/+$/g, '')
  return shape.test(token) && !isReserved(token)
}

/** The same host with and without the dot that ends a fully qualified name. */
const plain = (host: string) => host.replace(/\.(?=(?::\d+)?$)/, '')

const shape = new RegExp(tokenShape)
