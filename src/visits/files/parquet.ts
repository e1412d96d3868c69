/**
 * Visits as Apache Parquet: a column for each wire key, text as on the wire, and `created_at` as a timestamp without a zone,
 * since that is what the wire's time is.
 */
import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer'
import type { Encoder } from './export.js'
import { wireKeys } from './wire-keys.js'

/** Writing a row group keeps the process from all else, some 15 µs a row, and what it is made of is in memory until then. */
const leastGroupRows = 1_000
const mostGroupRows = 10_000
const mostGroupCharacters = 8_000_000
/** The end of a file lists all its groups, so a long file has longer ones. */
const wantedGroups = 1_000

/** @param mostVisits how many visits the file can have */
export function parquetEncoder(mostVisits: number): Encoder {
  const groupRows = Math.min(Math.max(leastGroupRows, Math.ceil(mostVisits / wantedGroups)), mostGroupRows)
  const sink = new ByteWriter()
  const file = new ParquetWriter({ writer: sink, schema, statistics: false })
  let group = new RowGroup()
  const writeGroup = () => {
    // Not asynchronous: the sink has nothing to wait for.
    if (group.rows > 0) void file.write({ columnData: group.columns(), rowGroupSize: group.rows })
    group = new RowGroup()
  }
  const taken = () => {
    const bytes = sink.getBytes().slice()
    // Where the bytes were, the next ones are written; `offset` goes on counting.
    sink.index = 0
    return bytes
  }
  return {
    add: (rows) => {
      for (const row of rows) {
        group.add(row)
        if (group.rows >= groupRows || group.characters >= mostGroupCharacters) writeGroup()
      }
      return taken()
    },
    end: () => {
      writeGroup()
      void file.finish()
      return taken()
    },
  }
}

/** Rows that are written together, column by column. */
class RowGroup {
  rows = 0
  characters = 0
  readonly #values = wireKeys.map((): unknown[] => [])

  add(json: string): void {
    const row = JSON.parse(json) as Record<string, unknown>
    for (const [at, key] of wireKeys.entries()) this.#values[at]?.push(cell(key, row[key]))
    this.rows += 1
    this.characters += json.length
  }

  columns() {
    // Statistics let readers skip groups outside of a range of time; those of other columns would only fill the file's end.
    return wireKeys.map((name, at) => {
      return { name, data: this.#values[at] ?? [], statistics: name === 'created_at', offsetIndex: false }
    })
  }
}

function cell(key: string, value: unknown): unknown {
  if (key === 'created_at') return BigInt(Date.parse(`${String(value).replace(' ', 'T')}Z`))
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value
}

const schema: SchemaElement[] = [
  { name: 'visits', num_children: wireKeys.length },
  ...wireKeys.map((name): SchemaElement => {
    if (name !== 'created_at') return { name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' }
    const wallTime = { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'MILLIS' } as const
    return { name, type: 'INT64', logical_type: wallTime, repetition_type: 'REQUIRED' }
  }),
]
