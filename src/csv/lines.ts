/** Bytes of a text file as numbered lines, whatever their encoding and their line ends. */
import { decodeWindows, type Encoding, encodingOf, encodingSampleBytes } from './encoding.js'

/** A line without its end, and that end: "" for the last one where the file does not end with a line end. */
export type Line = { line: number; value: string; end: string } | { line: number; reason: string }

export interface TextFile {
  /** Told by the first bytes, or as given. */
  encoding: Encoding
  lines: AsyncGenerator<Line>
  /** How many lines were not UTF-8 and were read as Windows-1252 so far. */
  windowsLines: () => number
  /** Whether a line so far was UTF-8 and not only ASCII. */
  hasUtf8: () => boolean
}

export interface TextOptions {
  /** Instead of the one that the bytes tell. */
  encoding?: Encoding | undefined
  /** Read lines that are not UTF-8 as Windows-1252; otherwise they are refused. */
  orWindows?: boolean
}

/** Longer than any record can be: bounds the memory that a file without line ends takes. */
const longestLine = 1024 * 1024

/**
 * Opens a text file. Lines end with `\n`, `\r\n` or `\r`, also mixed. Byte order marks are dropped, also those in the middle that
 * joining files leaves. Memory does not grow with the file.
 *
 * @throws FileError when the file is not text
 */
export async function openText(source: AsyncIterable<Uint8Array>, options: TextOptions = {}): Promise<TextFile> {
  const chunks = source[Symbol.asyncIterator]()
  const start = await firstBytes(chunks)
  const encoding = options.encoding ?? encodingOf(start)
  const counts = { windows: 0, hasUtf8: false }
  const decode = { 'UTF-8': utf8(counts, options), 'Windows-1252': windows(counts) }
  const pieces =
    encoding === 'UTF-8' || encoding === 'Windows-1252'
      ? byteLines(from(start, chunks), decode[encoding])
      : wideLines(from(start, chunks), encoding)
  return {
    encoding,
    lines: numbered(pieces),
    windowsLines: () => counts.windows,
    hasUtf8: () => counts.hasUtf8,
  }
}

/** Lines of a UTF-8 or UTF-16 file. */
export async function* textLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  yield* (await openText(source)).lines
}

type Piece = { value: string; end: string } | { reason: string }

async function* numbered(pieces: AsyncGenerator<Piece[]>): AsyncGenerator<Line> {
  let line = 1
  for await (const several of pieces) {
    for (const piece of several) {
      if ('value' in piece && piece.value.length > longestLine) yield { line, ...tooLong }
      else if ('value' in piece && piece.value.startsWith('\uFEFF'))
        yield { line, ...piece, value: piece.value.slice(1) }
      else yield { line, ...piece }
      line += 1
    }
  }
}

const tooLong = { reason: `is longer than ${longestLine} bytes` }

async function firstBytes(chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for (let length = 0; length < encodingSampleBytes; ) {
    const { value, done } = await chunks.next()
    if (done) break
    parts.push(value)
    length += value.length
  }
  return joined(parts)
}

async function* from(start: Uint8Array, chunks: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (start.length > 0) yield start
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value
  } finally {
    await chunks.return?.()
  }
}

/** Lines in encodings in which a line end is a byte of its own, decoded some at a time. */
async function* byteLines(
  chunks: AsyncGenerator<Uint8Array>,
  decode: (lines: Uint8Array) => Piece[],
): AsyncGenerator<Piece[]> {
  let held: Uint8Array[] = []
  let length = 0
  for await (const chunk of chunks) {
    const cut = endOfLines(chunk)
    if (cut > 0) {
      held.push(chunk.subarray(0, cut))
      yield length > longestLine ? [tooLong, ...decode(afterFirstLine(chunk.subarray(0, cut)))] : decode(joined(held))
      held = []
      length = 0
    }
    length += chunk.length - cut
    if (length > longestLine) held = []
    else if (cut < chunk.length) held.push(chunk.subarray(cut))
  }
  if (length > longestLine) yield [tooLong]
  else if (length > 0) yield decode(joined(held))
}

/** Position at which the last whole line ends. A `\r` at the end may be half of a line end. */
function endOfLines(chunk: Uint8Array): number {
  return Math.max(chunk.lastIndexOf(10), chunk.subarray(0, -1).lastIndexOf(13)) + 1
}

function afterFirstLine(bytes: Uint8Array): Uint8Array {
  const at = bytes.findIndex((byte) => byte === 10 || byte === 13)
  return bytes.subarray(bytes[at] === 13 && bytes[at + 1] === 10 ? at + 2 : at + 1)
}

interface Counts {
  windows: number
  hasUtf8: boolean
}

function utf8(counts: Counts, { encoding, orWindows = false }: TextOptions): (lines: Uint8Array) => Piece[] {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const whole = (bytes: Uint8Array): string | null => {
    try {
      const text = decoder.decode(bytes)
      counts.hasUtf8 ||= text.length < bytes.length - (text.startsWith('\uFEFF') ? 2 : 0)
      return text
    } catch {
      return null
    }
  }
  const single = (bytes: Uint8Array): Piece[] => {
    const text = whole(bytes)
    if (text !== null) return split(text)
    if (encoding !== undefined || !orWindows) return [{ reason: 'is not UTF-8' }]
    counts.windows += 1
    return split(decodeWindows(bytes))
  }
  return (bytes) => {
    const text = whole(bytes)
    return text === null ? byteParts(bytes).flatMap(single) : split(text)
  }
}

function windows(counts: Counts): (lines: Uint8Array) => Piece[] {
  return (bytes) => {
    const pieces = split(decodeWindows(bytes))
    counts.windows += pieces.length
    return pieces
  }
}

/** Each line's bytes, with its end. */
function byteParts(bytes: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = []
  for (let start = 0; start < bytes.length; ) {
    const rest = bytes.subarray(start)
    const at = rest.findIndex((byte) => byte === 10 || byte === 13)
    const length = at < 0 ? rest.length : rest[at] === 13 && rest[at + 1] === 10 ? at + 2 : at + 1
    parts.push(rest.subarray(0, length))
    start += length
  }
  return parts
}

async function* wideLines(
  chunks: AsyncGenerator<Uint8Array>,
  encoding: 'UTF-16LE' | 'UTF-16BE',
): AsyncGenerator<Piece[]> {
  const decoder = new TextDecoder(encoding.toLowerCase(), { ignoreBOM: true })
  let held = ''
  let isTooLong = false
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true })
    const cut = Math.max(text.lastIndexOf('\n'), text.slice(0, -1).lastIndexOf('\r')) + 1
    if (cut > 0) {
      const pieces = split(held + text.slice(0, cut))
      yield isTooLong ? [tooLong, ...pieces.slice(1)] : pieces
      isTooLong = false
      held = ''
    }
    held += text.slice(cut)
    isTooLong ||= held.length > longestLine
    if (isTooLong) held = ''
  }
  held += decoder.decode()
  if (isTooLong) yield [tooLong]
  else if (held !== '') yield split(held)
}

/** Text as lines, in one pass. */
function split(text: string): Piece[] {
  const pieces: Piece[] = []
  const ends = /\r\n|\r|\n/g
  let start = 0
  for (let match = ends.exec(text); match !== null; match = ends.exec(text)) {
    pieces.push({ value: text.slice(start, match.index), end: match[0] })
    start = ends.lastIndex
  }
  if (start < text.length) pieces.push({ value: text.slice(start), end: '' })
  return pieces
}

function joined(parts: Uint8Array[]): Uint8Array {
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return only
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
