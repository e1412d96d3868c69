/**
 * Reads CSV so that one broken record costs one line: a quote that is never closed would otherwise take everything up to
 * the next quote with it. Whoever finds a record broken blames its first line and reads on at the second.
 */
import type { Read } from './file-lines.js'

const longestRecord = 1024 * 1024

/**
 * Cells of each record, with the number of the line it begins at. Blank lines are passed over.
 *
 * The first record is the header: it says how many cells every other one must have.
 *
 * @param separator one character between cells
 */
export async function* csvRecords(lines: AsyncIterator<Read<string>>, separator = ','): AsyncGenerator<Read<string[]>> {
  /** Lines to read again. */
  const held: Read<string>[] = []
  const next = async () => held.shift() ?? ((await lines.next()).value as Read<string> | undefined)
  let width: number | null = null
  for (let first = await next(); first !== undefined; first = await next()) {
    if ('reason' in first) yield first
    if ('reason' in first || first.value.trim() === '') continue
    const { text, rest } = await gather(first.value, next)
    const cells: string[] | null = text === null ? null : csvCells(text, separator)
    const fits: boolean = cells !== null && cells.length === (width ?? cells.length)
    if (!fits && rest.length > 0) held.unshift(...rest)
    if (cells !== null && fits) {
      width ??= cells.length
      yield { line: first.line, value: cells }
    } else {
      yield { line: first.line, reason: problem(cells, rest.length, width ?? 0) }
    }
  }
}

interface Gathered {
  /** The record's text; null when its quotes are not closed. */
  text: string | null
  /** The lines after the first that were taken for it. */
  rest: Read<string>[]
}

/** A record goes on while a quote is open. */
async function gather(first: string, next: () => Promise<Read<string> | undefined>): Promise<Gathered> {
  const rest: Read<string>[] = []
  const parts = [first]
  let length = first.length
  for (let open = isOpen(first); open; ) {
    const more = await next()
    if (more === undefined) return { text: null, rest }
    rest.push(more)
    if ('reason' in more) return { text: null, rest }
    parts.push(more.value)
    length += more.value.length
    if (length > longestRecord) return { text: null, rest }
    if (isOpen(more.value)) open = !open
  }
  return { text: parts.join('\n'), rest }
}

function isOpen(text: string): boolean {
  let open = false
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) open = !open
  return open
}

function problem(cells: string[] | null, moreLines: number, width: number): string {
  if (cells !== null && moreLines === 0) return `has ${cells.length} cells where the header has ${width}`
  return 'has a quote that is not closed, not doubled or not at the edge of its cell'
}

const patterns = new Map<string, RegExp>()

function cellPattern(separator: string): RegExp {
  const known = patterns.get(separator)
  if (known !== undefined) return known
  const made = new RegExp(`(?:"((?:[^"]|"")*)"|([^"${separator}\\r\\n]*))(${separator}|$)`, 'y')
  patterns.set(separator, made)
  return made
}

/** Cells of one record without its line end; null when a quote is out of place. */
export function csvCells(record: string, separator = ','): string[] | null {
  const text = record.endsWith('\r') ? record.slice(0, -1) : record
  const cell = cellPattern(separator)
  const cells: string[] = []
  for (cell.lastIndex = 0; ; ) {
    const match = cell.exec(text)
    if (match === null) return null
    cells.push(match[1] === undefined ? (match[2] ?? '') : match[1].replaceAll('""', '"'))
    if (match[3] === '') return cells
  }
}
