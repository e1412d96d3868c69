import { isUtf8 } from 'node:buffer'

/** Something read from a file, or why it could not be, with the number of its line. */
export type Read<T> = { line: number; value: T } | { line: number; reason: string }

/** Longer than any visit can be: bounds the memory that a file without line ends takes. */
const longestLine = 1024 * 1024

/** Lines of a UTF-8 file without their `\n`, numbered from 1. A byte order mark is dropped. */
export async function* fileLines(source: AsyncIterable<Buffer>): AsyncGenerator<Read<string>> {
  let number = 1
  let parts: Buffer[] = []
  let length = 0
  const keep = (part: Buffer) => {
    length += part.length
    if (length <= longestLine) parts.push(part)
  }
  const line = () => {
    const read = decode(number, parts, length)
    number += 1
    parts = []
    length = 0
    return read
  }
  for await (const chunk of source) {
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      keep(chunk.subarray(start, end))
      start = end + 1
      yield line()
    }
    if (start < chunk.length) keep(chunk.subarray(start))
  }
  if (length > 0) yield line()
}

function decode(line: number, parts: Buffer[], length: number): Read<string> {
  if (length > longestLine) return { line, reason: `is longer than ${longestLine} bytes` }
  const bytes = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts)
  if (!isUtf8(bytes)) return { line, reason: 'is not UTF-8' }
  const text = bytes.toString('utf8')
  return { line, value: line === 1 && text.startsWith('\uFEFF') ? text.slice(1) : text }
}
