import { unguarded } from './csv.js'
import { csvRecords } from './csv-records.js'
import type { Read } from './file-lines.js'
import { wireKeys } from './wire-keys.js'

/** A file that cannot be read at all. */
export class FileError extends Error {}

/**
 * Records of a CSV file as objects with the header's keys. An empty cell is an absent value.
 *
 * @throws FileError when the header has a column that is none, or one twice: every line would be wrong
 */
export async function* csvRows(lines: AsyncIterator<Read<string>>): AsyncGenerator<Read<unknown>> {
  let header: string[] | null = null
  for await (const record of csvRecords(lines)) {
    if ('reason' in record) {
      if (header === null) throw new FileError(`line ${record.line}: ${record.reason}`)
      yield record
    } else if (header === null) {
      header = checkedHeader(record.value)
    } else {
      yield { line: record.line, value: rowOf(header, record.value) }
    }
  }
}

function checkedHeader(cells: string[]): string[] {
  const names = cells.map((cell) => cell.trim())
  const unknown = names.find((name) => !wireKeys.some((key) => key === name))
  if (unknown !== undefined) throw new FileError(`line 1: the header names an unknown column "${unknown}"`)
  const twice = names.find((name, at) => names.indexOf(name) < at)
  if (twice !== undefined) throw new FileError(`line 1: the header names the column ${twice} twice`)
  return names
}

function rowOf(header: string[], cells: string[]): Record<string, unknown> {
  const row: Record<string, unknown> = {}
  header.forEach((key, at) => {
    const text = unguarded(cells[at] ?? '')
    row[key] = text === '' ? null : key === 'options' ? parsed(text) : text
  })
  return row
}

/** What is no JSON stays text, which the check of the row then refuses. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
