import { csvCells } from './cells.js'
import { type Line, openText, type TextFile, type TextOptions } from './lines.js'
import { declaredSeparator, separatorOf } from './separator.js'

export interface CsvFile {
  text: TextFile
  separator: string
  /** What a first line `sep=;` says; null where there is none. */
  declared: string | null
  /** The first lines, without one that declares the separator. */
  sample: Line[]
  /** All lines, those of the sample too, without one that declares the separator. */
  lines: AsyncGenerator<Line>
}

export interface CsvOptions extends TextOptions {
  /** Instead of the one that the data tell. */
  separator?: string | undefined
  /** What a cell may look like that tells the right separator. */
  isWanted?: (cell: string) => boolean
}

const sampleLines = 500
const sampleLength = 512 * 1024

/**
 * Opens CSV: encoding and separator are told by its first lines, which are held in memory; the others are read when they are
 * wanted.
 *
 * @throws FileError when the file is not text
 */
export async function openCsv(source: AsyncIterable<Uint8Array>, options: CsvOptions = {}): Promise<CsvFile> {
  const text = await openText(source, options)
  const { lines } = text
  const sample: Line[] = []
  let declared: string | null = null
  for (let length = 0; sample.length < sampleLines && length < sampleLength; ) {
    const { value: line, done } = await lines.next()
    if (done) break
    const value = 'value' in line ? line.value : ''
    if (line.line === 1) declared = declaredSeparator(value)
    if (line.line > 1 || declared === null) sample.push(line)
    length += value.length
  }
  const isWrapped = sample.every((line) => unwrapped(line) !== line || ('value' in line && line.value.trim() === ''))
  const bare = isWrapped ? sample.map(unwrapped) : sample
  const separator = options.separator ?? (await separatorOf(bare, declared, options.isWanted))
  return { text, separator, declared, sample: bare, lines: chained(bare, isWrapped ? eachUnwrapped(lines) : lines) }
}

/**
 * A line that is one quoted cell, with empty ones behind it at most, as the content of that cell: programs that took a whole row
 * for one cell write it so. Any other line as it is.
 */
function unwrapped(line: Line): Line {
  if ('reason' in line || !line.value.startsWith('"')) return line
  const [, quoted = ''] = /^("(?:[^"]|"")*")[,;\t]*$/.exec(line.value) ?? []
  const [value] = csvCells(quoted) ?? []
  return quoted === '' || value === undefined ? line : { ...line, value }
}

async function* eachUnwrapped(lines: AsyncGenerator<Line>): AsyncGenerator<Line> {
  for await (const line of lines) yield unwrapped(line)
}

async function* chained(first: Line[], rest: AsyncGenerator<Line>): AsyncGenerator<Line> {
  yield* first
  yield* rest
}
