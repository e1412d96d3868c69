import type { Encoding } from '../csv/encoding.js'
import type { TextFile } from '../csv/lines.js'
import { type CsvFile, openCsv } from '../csv/open.js'
import { type CsvRecord, csvRecords, type ReadRecord } from '../csv/records.js'
import { looksLikeData, looksLikeNumber } from './cell-shapes.js'
import { mobileRank } from './column-names.js'
import { guessColumns } from './columns.js'
import type { Columns } from './fields.js'

/** What a person says of a file instead of having it guessed. */
export interface GivenForm {
  encoding?: Encoding | undefined
  /** One character. */
  separator?: string | undefined
  /** Whether its first row has the names of the columns. */
  hasNames?: boolean | undefined
}

export interface RecipientFile {
  text: TextFile
  separator: string
  /** One for each column: of the row with names, or `Column 1` and so on. */
  names: string[]
  hasNames: boolean
  /** Where the names stand; null where there are none. */
  namesLine: number | null
  /** Lines in front of the names, such as a title, that are passed over. */
  titleLines: number[]
  width: number
  leastWidth: number
  /** A guess. */
  columns: Columns
  /** All rows below the names. */
  records: AsyncGenerator<ReadRecord>
}

/**
 * Opens a CSV file of recipients, whichever program has written it: encoding, separator, names and columns are guessed from its
 * first lines, and the rest is read as it is asked for.
 *
 * @throws FileError when the file is not text
 */
export async function openRecipientFile(
  source: AsyncIterable<Uint8Array>,
  given: GivenForm = {},
  now = new Date(),
): Promise<RecipientFile> {
  const { encoding, separator: said } = given
  const csv = await openCsv(source, { encoding, separator: said, orWindows: true, isWanted: looksLikeNumber })
  const { text, separator } = csv
  const records = await sampleOf(csv)
  const usual = usualWidth(records)
  const titles = titleRows(records, usual)
  const [first, ...others] = records.slice(titles.length)
  const hasNames = first !== undefined && (given.hasNames ?? isHeader(first.cells))
  const named = hasNames ? first.cells.map((cell) => cell.trim()) : []
  const leastWidth = hasNames ? named.findLastIndex((name) => name !== '') + 1 : usual
  const rows = (hasNames ? others : records.slice(titles.length)).map(({ cells }) => cells)
  const width = hasNames ? widthOf(first.cells.length, rows) : usual
  const start = hasNames ? first.line : (titles.at(-1)?.line ?? 0)
  return {
    text,
    separator,
    names: Array.from({ length: width }, (_, at) => named[at] || `Column ${at + 1}`),
    hasNames,
    namesLine: hasNames ? first.line : null,
    titleLines: titles.map(({ line }) => line),
    width,
    leastWidth,
    columns: guessColumns({ names: hasNames ? named : null, rows }, width, now),
    records: below(start, csvRecords(csv.lines, { separator, width: usual, looksLikeRow })),
  }
}

const looksLikeRow = (cells: string[]) => cells.some(looksLikeNumber)

async function sampleOf({ sample, separator }: CsvFile): Promise<CsvRecord[]> {
  const records: CsvRecord[] = []
  for await (const record of csvRecords(sample.values(), { separator, looksLikeRow })) {
    if ('cells' in record && record.cells.some((cell) => cell.trim() !== '')) records.push(record)
  }
  return records
}

/** The number of cells that most rows have. */
function usualWidth(records: CsvRecord[]): number {
  const counts = new Map<number, number>()
  for (const { cells } of records) counts.set(cells.length, (counts.get(cells.length) ?? 0) + 1)
  return [...counts].reduce((best, count) => (count[1] > best[1] ? count : best), [1, 0])[0]
}

/** Columns without a name count where nearly all rows have them; otherwise a cell was cut in two. */
function widthOf(named: number, rows: string[][]): number {
  const filled = rows.map((cells) => cells.findLastIndex((cell) => cell.trim() !== '') + 1)
  const unnamed = filled.filter((count) => count > named)
  return unnamed.length > 0.9 * rows.length ? Math.max(...unnamed) : named
}

/** Rows at the beginning with a single cell, such as the title of a report, where the table below has several columns. */
function titleRows(records: CsvRecord[], usual: number): CsvRecord[] {
  const isTitle = ({ cells }: CsvRecord) =>
    usual > 1 && cells.filter((cell) => cell.trim() !== '').length === 1 && !cells.some(looksLikeData)
  const end = records.findIndex((record) => !isTitle(record))
  const next = records[end]
  const isTable = next !== undefined && next.cells.length > 1 && isHeader(next.cells)
  const titles = isTable ? records.slice(0, end) : []
  return titles.some(({ cells }) => cells.some((cell) => mobileRank(cell) > 1)) ? [] : titles
}

const isHeader = (cells: string[]): boolean => !cells.some(looksLikeData)

async function* below(line: number, records: AsyncGenerator<ReadRecord>): AsyncGenerator<ReadRecord> {
  for await (const record of records) if ('reason' in record || record.line > line) yield record
}
