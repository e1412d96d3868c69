import type { Readable } from 'node:stream'
import type { Read } from '../../csv/read.js'
import type { Database } from '../../database/open.js'
import { type ImportReport, type ImportSummary, storeFile } from '../../visits/files/import.js'
import type { WireVisit } from '../../visits/files/wire-row.js'
import { type LinkOfCode, linksByCode } from './codes.js'
import type { LogFormat } from './format.js'
import { type ClickReading, distinctIds, visitOfClick } from './logged-click.js'
import { type Cells, tableRecords } from './table.js'

export interface LogImportOptions extends ClickReading {
  format: LogFormat
  ownerId: number
  /** Of all clicks, whatever the file says. */
  linkId: number | undefined
  /** IANA zone of times that name none. */
  zone: string
  /** Ends it at once; what is stored stays. */
  signal: AbortSignal
}

export interface LogImportReport extends ImportReport {
  say(line: string): void
}

/**
 * Stores the clicks of another program's log as visits, in the order of their time. Run again, with the same file or another that
 * has some of the same clicks, it stores nothing twice.
 *
 * @throws FileError for a file that is none of that program's
 */
export async function importLog(
  db: Database,
  source: Readable,
  options: LogImportOptions,
  report: LogImportReport,
): Promise<ImportSummary> {
  const { format, ownerId, signal } = options
  const linkOfCode = linksByCode(db, { ownerId, source: format.name }, report.say)
  const visits = loggedVisits(source, options, linkOfCode)
  return storeFile(db, visits, { keepOrder: false, signal, finish: distinctIds() }, report)
}

async function* loggedVisits(
  source: Readable,
  options: LogImportOptions,
  linkOfCode: LinkOfCode,
): AsyncGenerator<Read<WireVisit>> {
  for await (const record of tableRecords(source, options.format.columns)) {
    const { line } = record
    const visit = 'reason' in record ? record.reason : await visitOf(record.value, options, linkOfCode)
    yield typeof visit === 'string' ? { line, reason: visit } : { line, value: visit }
  }
}

const longestCode = 255

async function visitOf(cells: Cells, options: LogImportOptions, linkOfCode: LinkOfCode): Promise<WireVisit | string> {
  const { format, ownerId } = options
  if (Object.values(cells).some((cell) => cell?.includes('\0'))) return 'must not contain NUL'
  const click = format.read(cells, options.zone)
  if (typeof click === 'string') return click
  if (options.linkId === undefined && click.code === null) return 'names no short URL: give its link with --link'
  if (options.linkId === undefined && (click.code ?? '').length > longestCode) return 'has too long a short code'
  const linkId = options.linkId ?? (await linkOfCode(click.code ?? ''))
  return { ownerId, recipient: null, visit: await visitOfClick(click, format.name, linkId, options) }
}
