import type { Readable } from 'node:stream'
import { textLines } from '../../csv/lines.js'
import type { Read } from '../../csv/read.js'
import type { Database } from '../../database/open.js'
import type { MobileRule } from '../../recipients/mobile.js'
import { blocksOnTheWay } from '../statistics/blocks-on-the-way.js'
import type { NewVisit } from '../visit.js'
import { csvRows } from './csv-rows.js'
import { ndjsonRows } from './ndjson.js'
import { openStaging, type StagedVisit } from './staging.js'
import { freshStatistics } from './statistics.js'
import { storeVisits } from './store.js'
import { type WireVisit, wireRowReader } from './wire-row.js'
import type { WireRowOptions } from './wire-schema.js'

export type FileFormat = 'ndjson' | 'csv'

export interface ImportOptions extends WireRowOptions, StoreOptions {
  format: FileFormat
}

export interface StoreOptions {
  /** Number the visits in the order of the file instead of their time. */
  keepOrder: boolean
  /** By which numbers of recipients are compared; without it, those without a country code by their digits. */
  rule?: MobileRule
  /** Ends it at once; what is stored stays. */
  signal?: AbortSignal
  /** Has the last word on each visit, in the order in which they are stored. */
  finish?: (visit: NewVisit) => NewVisit
}

/** What is told while it runs. */
export interface ImportReport {
  refused(line: number, reason: string): void
  /** Lines of the file that are read. */
  reading(lines: number): void
  /** Visits that are dealt with, of all that were read. */
  storing(visits: number, total: number): void
}

export interface ImportSummary {
  stored: number
  /** They were there already. */
  skipped: number
  refused: number
}

const batchSize = 2000

/** The visits of a file with the wire's keys. */
export async function importVisits(
  db: Database,
  source: Readable,
  options: ImportOptions,
  report: ImportReport,
): Promise<ImportSummary> {
  return storeFile(db, wireVisits(source, options), options, report)
}

/**
 * Appends the visits of a file to the log, in the order of their time, with owners, links and recipients they need. Ids and
 * times stay; an id that is there already, or was before it was removed for its age, is passed over, so running it twice is harmless.
 *
 * Memory does not grow with the file: lines wait in a temporary table of the database.
 *
 * @param visits as they are read, or why a line is none
 */
export async function storeFile(
  db: Database,
  visits: AsyncIterable<Read<WireVisit>>,
  options: StoreOptions,
  report: ImportReport,
): Promise<ImportSummary> {
  const summary: ImportSummary = { stored: 0, skipped: 0, refused: 0 }
  const refuse = (line: number, reason: string) => {
    summary.refused += 1
    report.refused(line, reason)
  }
  const { finish = (visit) => visit } = options
  const refreshStatistics = freshStatistics(db)
  const blocks = blocksOnTheWay(db)
  const store = async (batch: StagedVisit[]) => {
    options.signal?.throwIfAborted()
    const finished = batch.map((staged) => ({ ...staged, visit: finish(staged.visit) }))
    for (const [ownerId, own] of byOwner(finished)) {
      const { stored, refused } = await storeVisits(db, ownerId, own, options.rule, options.signal)
      summary.stored += stored
      summary.skipped += own.length - stored - refused.length
      await blocks.stored(ownerId, stored)
      for (const { line, reason } of refused) refuse(line, reason)
    }
    await refreshStatistics(summary.stored)
  }
  const batches = visitBatches(visits, refuse, report)
  if (options.keepOrder) for await (const batch of oneAhead(batches)) await store(batch)
  else await throughStaging(db, batches, store, report)
  await blocks.finish()
  return summary
}

async function throughStaging(
  db: Database,
  batches: AsyncGenerator<StagedVisit[]>,
  store: (visits: StagedVisit[]) => Promise<void>,
  report: ImportReport,
): Promise<void> {
  const staging = await openStaging(db)
  try {
    let total = 0
    for await (const batch of oneAhead(batches)) {
      await staging.add(batch)
      total += batch.length
    }
    let done = 0
    for await (const batch of oneAhead(staging.inTimeOrder(batchSize))) {
      await store(batch)
      done += batch.length
      report.storing(done, total)
    }
  } finally {
    await staging.close()
  }
}

/** The good lines of a file in batches; the bad ones are refused on the way. */
async function* visitBatches(
  visits: AsyncIterable<Read<WireVisit>>,
  refuse: ImportReport['refused'],
  report: ImportReport,
): AsyncGenerator<StagedVisit[]> {
  let batch: StagedVisit[] = []
  for await (const read of visits) {
    if ('reason' in read) refuse(read.line, read.reason)
    else batch.push({ ...read.value, line: read.line })
    if (batch.length < batchSize) continue
    report.reading(read.line)
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

async function* wireVisits(source: Readable, options: ImportOptions): AsyncGenerator<Read<WireVisit>> {
  const read = wireRowReader(options)
  for await (const row of options.format === 'csv' ? csvRows(source) : ndjsonRows(textLines(source))) {
    if ('reason' in row) {
      yield row
      continue
    }
    const visit = read(row.value)
    yield typeof visit === 'string' ? { line: row.line, reason: visit } : { line: row.line, value: visit }
  }
}

function byOwner(visits: StagedVisit[]): Map<number, StagedVisit[]> {
  const groups = new Map<number, StagedVisit[]>()
  for (const visit of visits) {
    const group = groups.get(visit.ownerId)
    if (group === undefined) groups.set(visit.ownerId, [visit])
    else group.push(visit)
  }
  return groups
}

/** Asks for the next item before this one is dealt with: reading and the database then work at the same time. */
async function* oneAhead<T>(items: AsyncGenerator<T>): AsyncGenerator<T> {
  try {
    for (let next = items.next(); ; ) {
      const { done, value } = await next
      if (done) return
      next = items.next()
      // It is awaited above, after the consumer's turn: until then a failure must not count as nobody's.
      next.catch(() => {})
      yield value
    }
  } finally {
    await items.return(undefined)
  }
}
