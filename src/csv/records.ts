/**
 * Reads CSV so that one broken record costs one line: a quote that is never closed would otherwise take everything up to
 * the next quote with it. A record that is found broken is blamed on its first line, and reading goes on at its second.
 */
import { type OpenRecord, readCells } from './cells.js'
import type { Line } from './lines.js'

export interface CsvRecord {
  /** Number of the line on which it begins. */
  line: number
  /** As spreadsheets number it: 1 is the first of the file, a cell with line breaks takes one. */
  row: number
  cells: string[]
  /** What is wrong with its quotes; the cells are then what stands between separators, quotes included. */
  fault: string | null
  /** The file ends within its last line. */
  isCut: boolean
}

export type ReadRecord = CsvRecord | { line: number; row: number; reason: string }

export interface RecordOptions {
  /** One character between cells. */
  separator?: string
  /** How many cells a record has; null: as many as the first one. */
  width?: number | null
  /**
   * Whether the cells are those of a row of their own. A quoted cell with line breaks that has such a line in it is a quote that
   * was not closed where it should have been. Without it, a record of several lines must have `width` cells.
   */
  looksLikeRow?: ((cells: string[]) => boolean) | undefined
}

/** Bounds the memory that a quote without its counterpart takes. */
const longestRecord = 1024 * 1024

/** Records in the order of the file, also those that do not have `width` cells. Blank lines are passed over. */
export async function* csvRecords(
  lines: AsyncIterator<Line> | Iterator<Line>,
  { separator = ',', width: given = null, looksLikeRow }: RecordOptions = {},
): AsyncGenerator<ReadRecord> {
  /** Lines to read again, the next one last. */
  const held: Line[] = []
  const next = async () => held.pop() ?? ((await lines.next()).value as Line | undefined)
  let width = given
  let row = 0
  for (let first = await next(); first !== undefined; first = await next()) {
    row += 1
    const { line } = first
    if ('reason' in first) yield { ...first, row }
    if ('reason' in first || first.value.trim() === '') continue
    const { cells, fault, isCut, rest } = first.value.includes('"')
      ? await gather(first, next, { separator, width, looksLikeRow })
      : { cells: first.value.split(separator), fault: null, isCut: first.end === '', rest: [] }
    if (fault === null) {
      width ??= cells.length
      yield { line, row, cells, fault, isCut }
      continue
    }
    for (const again of rest.reverse()) held.push(again)
    const literal = first.value.split(separator)
    if (literal.length === width) yield { line, row, cells: literal, fault, isCut: first.end === '' }
    else yield { line, row, reason: fault }
  }
}

const openQuote = 'has a quote that is opened and not closed'
const innerQuote = 'has a quote inside a quoted cell that is not doubled'

interface Gathered {
  cells: string[]
  /** The quotes are broken, and the cells are worth nothing. */
  fault: string | null
  isCut: boolean
  /** The lines after the first that were taken for it. */
  rest: Line[]
}

/** A record goes on while a quote is open. */
async function gather(
  first: { value: string; end: string },
  next: () => Promise<Line | undefined>,
  { separator, width, looksLikeRow }: Pick<RecordOptions, 'looksLikeRow'> & { separator: string; width: number | null },
): Promise<Gathered> {
  const record: OpenRecord = { cells: [], quoted: null }
  const rest: Line[] = []
  const broken = (fault: string) => ({ cells: [], fault, isCut: false, rest })
  if (!readCells(record, first.value, separator)) return broken(innerQuote)
  let { end } = first
  let length = first.value.length
  while (record.quoted !== null) {
    // The cell that is open would be one too many.
    if (width !== null && record.cells.length >= width) return broken(openQuote)
    const more = await next()
    if (more === undefined) return broken(openQuote)
    rest.push(more)
    if ('reason' in more || isRow(more.value)) return broken(openQuote)
    record.quoted += end
    length += more.value.length
    if (length > longestRecord || !readCells(record, more.value, separator)) return broken(openQuote)
    end = more.end
  }
  const isWrong =
    rest.length > 0 && looksLikeRow === undefined && record.cells.length !== (width ?? record.cells.length)
  return isWrong ? broken(openQuote) : { cells: record.cells, fault: null, isCut: end === '', rest }

  function isRow(text: string): boolean {
    if (looksLikeRow === undefined) return false
    const cells = text.split(separator)
    return cells.length === width && looksLikeRow(cells)
  }
}
