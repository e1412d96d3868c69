import type { Read } from '../../csv/read.js'

/** One JSON text a line; blank lines are passed over. */
export async function* ndjsonRows(lines: AsyncIterable<Read<string>>): AsyncGenerator<Read<unknown>> {
  for await (const read of lines) {
    if ('reason' in read) yield read
    else if (read.value.trim() !== '') yield parse(read.line, read.value)
  }
}

function parse(line: number, text: string): Read<unknown> {
  try {
    return { line, value: JSON.parse(text) }
  } catch {
    return { line, reason: 'is not valid JSON' }
  }
}
