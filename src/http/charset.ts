/** Reads bytes by the charset that they are said to be in, and never puts U+FFFD where they are not. */
import { isUtf8 } from 'node:buffer'
import { decodeWindows } from '../csv/encoding.js'

/** Text of bytes; null when they are not of the charset. */
export type ReadText = (bytes: Buffer) => string | null

/** The charset that a content type names; null when it names none. */
export function charsetOf(contentType: string): string | null {
  const [, quoted, plain] = /;\s*charset\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i.exec(contentType) ?? []
  return (quoted ?? plain ?? '').replace(/^[\s']+|[\s']+$/g, '') || null
}

/**
 * @param charset a label of the Encoding standard (https://encoding.spec.whatwg.org/#names-and-labels), in any case of letters
 * @returns null for a charset that is not supported
 */
export function textReader(charset: string): ReadText | null {
  const label = charset.trim().toLowerCase()
  const known = readers.get(label)
  if (known !== undefined) return known
  const made = newReader(label)
  if (made !== null) readers.set(label, made)
  return made
}

/** Without a byte order mark. */
export const readUtf8: ReadText = (bytes) => {
  if (!isUtf8(bytes)) return null
  const text = bytes.toString('utf8')
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}

/** The labels of the standard are few. */
const readers = new Map<string, ReadText>([
  ...['utf-8', 'utf8'].map((label): [string, ReadText] => [label, readUtf8]),
  // The standard reads ASCII as windows-1252, but bytes above it are more likely UTF-8.
  ...['ascii', 'us-ascii'].map((label): [string, ReadText] => [label, readUtf8]),
])

function newReader(label: string): ReadText | null {
  let decoder: InstanceType<typeof TextDecoder>
  try {
    decoder = new TextDecoder(label, { fatal: true })
  } catch {
    return null
  }
  if (decoder.encoding === 'windows-1252') return decodeWindows
  return (bytes) => {
    try {
      return decoder.decode(bytes)
    } catch {
      return null
    }
  }
}

/**
 * The charset of a body. A byte order mark counts before what its content type says, and JSON in UTF-16 is known by the NUL
 * beside its first character (RFC 4627 section 3).
 */
export function bodyCharset(body: Buffer, declared: string | null): string {
  const [first = -1, second = -1, third = -1] = body
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8'
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  if (first === 0xfe && second === 0xff) return 'utf-16be'
  if (declared === null || /^utf-16$/i.test(declared)) {
    if (second === 0 && beginsJson.includes(first)) return 'utf-16le'
    if (first === 0 && beginsJson.includes(second)) return 'utf-16be'
  }
  return declared ?? 'utf-8'
}

const beginsJson = Buffer.from('{["\t\r\n ')
