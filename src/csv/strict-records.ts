import { type CsvOptions, openCsv } from './open.js'
import type { Read } from './read.js'
import { csvRecords } from './records.js'

/**
 * Cells of each record of a CSV file whose first record is a header; a record with another number of cells, or with broken
 * quotes, is refused.
 */
export async function* strictRecords(
  source: AsyncIterable<Uint8Array>,
  options: CsvOptions = {},
): AsyncGenerator<Read<string[]>> {
  const { lines, separator } = await openCsv(source, options)
  let width: number | null = null
  for await (const record of csvRecords(lines, { separator })) {
    const { line } = record
    if ('reason' in record) yield { line, reason: record.reason }
    else if (record.fault !== null) yield { line, reason: record.fault }
    else if (record.cells.length !== (width ?? record.cells.length))
      yield { line, reason: `has ${record.cells.length} cells where the header has ${width}` }
    else {
      width ??= record.cells.length
      yield { line, value: record.cells }
    }
  }
}
