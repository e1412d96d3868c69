import { isUtf8 as isValidUtf8 } from 'node:buffer'
import { StringDecoder } from 'node:string_decoder'
import { mapInStretches } from '../event-loop.js'
import { bodyCharset, readUtf8, textReader } from './charset.js'
import { badRequest, type HttpError, invalid } from './errors.js'
import { unsupportedCharset } from './form-fields.js'

/** Whether a body is JSON by its beginning: after a byte order mark and blanks, in any Unicode encoding. */
export function beginsLikeJson(body: Buffer): boolean {
  return /^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\0]*[{[]/.test(body.toString('latin1', 0, maxBeginning))
}

const maxBeginning = 65_536

/**
 * The text of a JSON body, by the charset that it declares or begins with, else as UTF-8.
 *
 * @throws HttpError 415 for a charset that is not supported, 422 with the names of fields that are not UTF-8, 400 for other bytes
 */
export function jsonText(body: Buffer, declared: string | null): string {
  const { charset, read, isUtf8 } = readerOf(body, declared)
  const text = read(body)
  if (text !== null) return text
  throw isUtf8 ? unreadableJson(body) : badRequest(`The body is not valid ${charset.toUpperCase()}.`)
}

/** The same in stretches, for a long one. */
export async function longJsonText(body: Buffer, declared: string | null): Promise<string> {
  if (!readerOf(body, declared).isUtf8 || !isValidUtf8(body)) return jsonText(body, declared)
  const decoder = new StringDecoder('utf8')
  const parts = Array.from({ length: Math.ceil(body.length / partBytes) }, (_, nth) => nth * partBytes)
  const texts = await mapInStretches(parts, (at) => decoder.write(body.subarray(at, at + partBytes)), 1)
  const text = texts.join('')
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}

const partBytes = 262_144

function readerOf(body: Buffer, declared: string | null) {
  const charset = bodyCharset(body, declared)
  const read = textReader(charset)
  if (read === null) throw unsupportedCharset()
  return { charset, read, isUtf8: read === readUtf8 }
}

/** @param body whose bytes are not UTF-8 */
function unreadableJson(body: Buffer): HttpError {
  const names = new Set<string>()
  try {
    if (body.length <= longestNamed) addMarked(JSON.parse(markedText(body)), [], names)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  if (names.size === 0) return badRequest('The body is not valid UTF-8.')
  return invalid(Object.fromEntries([...names].map((name) => [name, [`The ${name} field is not valid UTF-8.`]])))
}

const mark = '\uFFFD'

/** The body's text with U+FFFD where bytes are wrong, and nowhere else. */
function markedText(body: Buffer): string {
  const withoutMarks = body
    .toString('latin1')
    .replace(/^\xef\xbb\xbf/, '')
    .replaceAll('\xEF\xBF\xBD', '?')
    .replace(/\\ufffd/gi, '\\u003f')
  return Buffer.from(withoutMarks, 'latin1').toString('utf8')
}

/** Of bytes: it takes several times as long to find names as to read them. */
const longestNamed = 131_072
const maxNames = 20
const maxDepth = 32

function addMarked(value: unknown, path: string[], names: Set<string>): void {
  if (names.size >= maxNames || path.length > maxDepth) return
  if (typeof value === 'string' && value.includes(mark)) names.add(path.join('.') || 'request')
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    if (key.includes(mark)) names.add([...path, key.replaceAll(mark, '?')].join('.'))
    else addMarked(inner, [...path, key], names)
  }
}
