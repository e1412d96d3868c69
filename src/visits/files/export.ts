import { nothingShown, type Shown } from '../../audit/read.js'
import type { Database } from '../../database/open.js'
import type { LinkPositions } from '../../links/positions.js'
import type { VisitFilters } from '../filters.js'
import type { VisitView } from '../resource.js'
import { csvHeader, csvText } from './csv.js'
import type { FileFormat } from './import.js'
import { parquetEncoder } from './parquet.js'
import { walkVisits } from './walk.js'

export type ExportFormat = FileFormat | 'parquet'

export interface ExportRequest {
  format: ExportFormat
  filters: VisitFilters
  /** Where to go on: everything up to this position is left out. */
  after: number
  view: VisitView
  /** As in `walkVisits`. */
  rowsAtOnce?: () => number
}

export interface ExportPiece {
  /** How many visits it adds, and the position up to which the file is then complete. */
  visits: number
  position: number
  shown: Shown
  /** A part of the file; may be empty. Bytes: texts of this size would stay in memory until the whole heap is collected. */
  data: Uint8Array
}

/** Turns rows into a file, piece by piece. What it keeps for later pieces has a bound. */
export interface Encoder {
  /** @param rows visits as JSON */
  add(rows: string[]): string | Uint8Array
  end(): string | Uint8Array
}

/**
 * The matching visits of a link up to `link.visits` as a file, oldest recorded first: an import with the order kept then
 * gives them the same numbers.
 *
 * Memory does not grow with the link, and while nobody takes the next piece no work is done.
 */
export async function* exportedVisits(
  db: Database,
  link: LinkPositions,
  { format, filters, after, view, rowsAtOnce }: ExportRequest,
): AsyncGenerator<ExportPiece, void> {
  const encoder = encoders[format](link.visits - Math.max(after, link.firstSeq - 1))
  for await (const { rows, shown, position } of walkVisits(db, link, filters, after, view, rowsAtOnce)) {
    yield { visits: rows.length, position, shown, data: bytesOf(rows.length === 0 ? '' : encoder.add(rows)) }
  }
  yield { visits: 0, position: link.visits, shown: nothingShown, data: bytesOf(encoder.end()) }
}

const bytesOf = (data: string | Uint8Array): Uint8Array => (typeof data === 'string' ? Buffer.from(data) : data)

const encoders: Record<ExportFormat, (mostVisits: number) => Encoder> = {
  ndjson: () => ({ add: (rows) => `${rows.join('\n')}\n`, end: () => '' }),
  csv: csvEncoder,
  parquet: parquetEncoder,
}

function csvEncoder(): Encoder {
  let header = csvHeader()
  const headed = (text: string) => {
    const whole = header + text
    header = ''
    return whole
  }
  return { add: (rows) => headed(csvText(rows.map((row) => JSON.parse(row)))), end: () => headed('') }
}
