import { unguarded } from '../../csv/guard.js'
import { FileError, type Read } from '../../csv/read.js'
import { strictRecords } from '../../csv/strict-records.js'
import { wireKeys } from './wire-keys.js'

/**
 * Records of a CSV file as objects with the header's keys. An empty cell is an absent value.
 *
 * @throws FileError when the header has a column that is none, or one twice: every line would be wrong
 */
export async function* csvRows(source: AsyncIterable<Uint8Array>): AsyncGenerator<Read<unknown>> {
  let header: string[] | null = null
  for await (const record of strictRecords(source)) {
    if ('reason' in record) {
      if (header === null) throw new FileError(`line ${record.line}: ${record.reason}`)
      yield record
    } else if (header === null) {
      header = checkedHeader(record)
    } else {
      yield { line: record.line, value: rowOf(header, record.value) }
    }
  }
}

function checkedHeader({ line, value }: { line: number; value: string[] }): string[] {
  const names = value.map((cell) => cell.trim())
  const unknown = names.find((name) => !wireKeys.some((key) => key === name))
  if (unknown !== undefined) throw new FileError(`line ${line}: the header names an unknown column "${unknown}"`)
  const twice = names.find((name, at) => names.indexOf(name) < at)
  if (twice !== undefined) throw new FileError(`line ${line}: the header names the column ${twice} twice`)
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
