import { isReserved } from './reserved.js'

/** What a path opens: a token, and the query that was written into the path. */
export interface TokenPath {
  token: string
  /** Percent-encoded, without `?`; '' for none. */
  query: string
}

/**
 * Reads a token with whatever phones and mail programs take into a URL from the text beside it.
 *
 * A token consists of `A-Z a-z 0-9 - _`. Everything behind it is ignored up to the end of the path, as long as it has no letter
 * and no digit of any script: punctuation, blanks, invisible marks, emoji, bytes that are not UTF-8 and incomplete escapes.
 * `-` and `_` directly behind a token belong to it. An `&`, also as `%26`, `%3F` or an HTML entity, ends the token and begins
 * a query; `%23` begins a fragment.
 *
 * @param path one segment without the slash in front of it, as it was sent: percent-encoded, raw bytes as one character each
 * @returns null for a path that is no token, and for reserved words
 */
export function readTokenPath(path: string): TokenPath | null {
  // A link that was wrapped in another one may be encoded twice.
  const found = readOnce(path) ?? readOnce(unescaped(path))
  return found === null || isReserved(found.token) ? null : found
}

/** Whether a path consists of nothing but what is cut off behind a token. */
export function hasOnlySigns(path: string): boolean {
  return onlySigns.test(decoded(path))
}

/** Neither a letter nor a digit. A pictograph and four invisible fillers are letters to Unicode only. */
const signs = '(?:[^\\p{L}\\p{N}]|[\\u2139\\u115f\\u1160\\u3164\\uffa0])*'
const onlySigns = new RegExp(`^${signs}$`, 'u')
const tokenAndSigns = new RegExp(`^([A-Za-z0-9_-]{1,64})(?![A-Za-z0-9_-])${signs}$`, 'u')

function readOnce(path: string): TokenPath | null {
  const separator = /[?&#]|%(?:26|3f|23)/i.exec(path)
  const [, token] = tokenAndSigns.exec(decoded(path.slice(0, separator?.index))) ?? []
  if (token === undefined) return null
  if (separator === null || /^(?:#|%23)$/.test(separator[0])) return { token, query: '' }
  const rest = path.slice(separator.index + separator[0].length)
  // Who encodes the separator has encoded the rest with it.
  return { token, query: queryOf(separator[0].startsWith('%') ? unescaped(rest) : rest) }
}

function queryOf(text: string): string {
  const plain = /^amp;/i.test(text) ? text.replace(/&amp;/gi, '&') : text
  const query = plain.replace(/^(?:[?&]*(?:#\w+|[a-z]\w*);)+/i, '').replace(/^[?&]+|#.*$/gs, '')
  return hasOnlySigns(query) ? '' : query
}

/** Percent-encoding taken off once, of visible ASCII characters only, so that the result is a URL still. */
function unescaped(text: string): string {
  return text.replace(/%(2[1-9a-f]|[3-6][\da-f]|7[\da-e])/gi, (_, code: string) => characterOf(code))
}

/** The text of a percent-encoded path. Incomplete escapes become blanks, bytes that are not UTF-8 U+FFFD: signs both. */
function decoded(path: string): string {
  const bytes = path
    .replace(/%(?![\da-f]{2})[\da-f]?/gi, ' ')
    .replace(/%([\da-f]{2})/gi, (_, code: string) => characterOf(code))
  return Buffer.from(bytes, 'latin1').toString()
}

function characterOf(code: string): string {
  return String.fromCharCode(Number.parseInt(code, 16))
}
