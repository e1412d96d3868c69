import type { Readable } from 'node:stream'
import { FileError, type Read } from '../../csv/read.js'
import { strictRecords } from '../../csv/strict-records.js'

/** Cells of a record by the names of their columns; what the file does not have is absent. */
export type Cells = Readonly<Record<string, string | undefined>>

export interface Columns {
  /** Names as `plainName` makes them, by the other names that a column goes by. */
  aliases: Readonly<Record<string, string>>
  /** Without one of these the file is another one. */
  required: readonly string[]
  /** The columns of a file without a header, or null when its first record must be one. */
  withoutHeader: (first: string[]) => readonly string[] | null
}

/**
 * Records of somebody else's CSV, in UTF-8 or UTF-16, whatever separates its cells. Columns that are not known are passed over.
 *
 * @throws FileError when a column is missing that is needed
 */
export async function* tableRecords(source: Readable, columns: Columns): AsyncGenerator<Read<Cells>> {
  let names: readonly string[] | null = null
  for await (const record of strictRecords(source)) {
    if ('reason' in record) {
      if (names === null) throw new FileError(`line ${record.line}: ${record.reason}`)
      yield record
    } else if (names === null) {
      const header = record.value.map((cell) => named(cell, columns.aliases))
      const isHeader = columns.required.every((name) => header.includes(name))
      names = isHeader ? header : columns.withoutHeader(record.value)
      if (names === null)
        throw new FileError(`line ${record.line}: the header must name the columns ${columns.required.join(', ')}`)
      if (!isHeader) yield { line: record.line, value: cellsOf(names, record.value) }
    } else {
      yield { line: record.line, value: cellsOf(names, record.value) }
    }
  }
}

/** `User agent`, `user_agent` and `userAgent` are one. */
function named(cell: string, aliases: Columns['aliases']): string {
  const plain = cell.toLowerCase().replace(/[^a-z]/g, '')
  return aliases[plain] ?? plain
}

function cellsOf(names: readonly string[], record: string[]): Cells {
  return Object.fromEntries(names.map((name, at) => [name, record[at]?.trim()]))
}
