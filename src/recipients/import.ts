import type { Database } from '../database/open.js'
import { HttpError } from '../http/errors.js'
import type { Columns } from '../recipient-files/fields.js'
import type { RecipientFile } from '../recipient-files/open.js'
import { type FoundRecipient, recipientReader } from '../recipient-files/rows.js'
import { createRecipients } from './create.js'
import type { WantedRecipient } from './match.js'
import type { MobileRule } from './mobile.js'
import type { Recipient } from './recipient.js'
import { wantedRecipient } from './schema.js'

export interface RecipientImportOptions {
  ownerId: number
  linkId: number
  columns: Columns
  /** IANA zone of times that name none. */
  zone: string
  /** By which numbers are compared; without it, those without a country code by their digits. */
  rule?: MobileRule
  /** Nothing is stored. */
  isDryRun: boolean
  /** Stops between two batches; what is stored stays. */
  signal?: AbortSignal
}

/** What is told while it runs. */
export interface RecipientImportReport {
  refused(line: number, reason: string): void
  /** A row that is taken has something wrong with it. */
  noted(line: number, note: string): void
  /** Rows that are dealt with, in the order of the file, with their recipients; without any on a dry run. */
  stored(rows: StoredRow[]): Promise<void> | void
}

export interface StoredRow {
  row: FoundRecipient
  recipient: Recipient | null
}

export interface RecipientImportSummary {
  /** Rows that can be taken. */
  rows: number
  created: number
  refused: number
  /** Rows among those taken whose quotes are broken. */
  damaged: number
}

/** Small enough that clicks of the owner, which wait for the same lock, do not wait long. */
const batchSize = 2000

/**
 * Creates recipients of a link from a file. Those who are there keep their tokens, so it may be ended at any time and run again.
 * A row that cannot be a recipient is refused, and the others are stored.
 *
 * Memory does not grow with the file.
 *
 * @throws HttpError 404 for a missing link and for one of somebody else
 */
export async function importRecipients(
  db: Database,
  file: RecipientFile,
  options: RecipientImportOptions,
  report: RecipientImportReport,
): Promise<RecipientImportSummary> {
  const summary = { rows: 0, created: 0, refused: 0, damaged: 0 }
  const refuse = (line: number, reason: string) => {
    summary.refused += 1
    report.refused(line, reason)
  }
  const store = async (batch: CheckedRow[]) => {
    options.signal?.throwIfAborted()
    const { rows, created } = options.isDryRun ? dryRun(batch) : await storeBatch(db, options, batch, refuse)
    summary.rows += rows.length
    summary.created += created
    for (const { row } of rows) {
      if (row.isDamaged) summary.damaged += 1
      if (row.note !== null) report.noted(row.line, row.note)
    }
    await report.stored(rows)
  }
  let batch: CheckedRow[] = []
  for await (const row of checkedRows(file, options, refuse)) {
    batch.push(row)
    if (batch.length < batchSize) continue
    await store(batch)
    batch = []
  }
  if (batch.length > 0) await store(batch)
  return summary
}

interface CheckedRow {
  row: FoundRecipient
  wanted: WantedRecipient
}

async function* checkedRows(
  file: RecipientFile,
  { columns, zone }: RecipientImportOptions,
  refuse: (line: number, reason: string) => void,
): AsyncGenerator<CheckedRow> {
  const read = recipientReader({ ...file, columns })
  const schema = wantedRecipient(zone)
  for await (const record of file.records) {
    const row = read(record)
    if (row === null) continue
    if ('reason' in row) {
      refuse(row.line, row.reason)
      continue
    }
    const { success, data, error } = schema.safeParse(row)
    if (success) yield { row, wanted: { mobile: data.mobile, messageId: data.message_id, sentAt: data.sent_at } }
    else refuse(row.line, error.issues[0]?.message ?? error.message)
  }
}

const dryRun = (batch: CheckedRow[]) => ({ rows: batch.map(({ row }) => ({ row, recipient: null })), created: 0 })

/** What contradicts a known recipient is refused, and the others are stored without it. */
async function storeBatch(
  db: Database,
  { ownerId, linkId, rule }: RecipientImportOptions,
  batch: CheckedRow[],
  refuse: (line: number, reason: string) => void,
): Promise<{ rows: StoredRow[]; created: number }> {
  for (let rest = batch; rest.length > 0; ) {
    const outcome = await createRecipients(
      db,
      ownerId,
      linkId,
      rest.map(({ wanted }) => wanted),
      rule,
    ).catch(refusals)
    if (outcome instanceof Map) {
      for (const [at, reason] of outcome) refuse(rest[at]?.row.line ?? 0, reason)
      rest = rest.filter((_, at) => !outcome.has(at))
      continue
    }
    const { recipients, created } = outcome
    return { rows: rest.map(({ row }, at) => ({ row, recipient: recipients[at] ?? null })), created }
  }
  return { rows: [], created: 0 }
}

/** Reasons by the place in the batch. */
function refusals(error: unknown): Map<number, string> {
  const reasons = new Map<number, string>()
  const errors = error instanceof HttpError ? (error.extra.errors ?? {}) : {}
  for (const [field, [text = '']] of Object.entries(errors)) {
    const [, at] = /^recipients\.(\d+)\./.exec(field) ?? []
    if (at !== undefined) reasons.set(Number(at), text)
  }
  if (reasons.size === 0) throw error
  return reasons
}
