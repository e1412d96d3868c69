/**
 * Visits as CSV (RFC 4180): a header with the wire keys, then a line for each visit. An empty cell is both "" and null: which
 * of the two the wire shows depends on the column alone (resource.ts).
 */
import { csvRecord } from '../../csv/cells.js'
import { guarded } from '../../csv/guard.js'
import { wireKeys } from './wire-keys.js'

/** Records with their `\r\n`, keys in the contract's order, safe to open in a spreadsheet. */
export function csvText(rows: Record<string, unknown>[]): string {
  return rows.map((row) => csvRecord(wireKeys.map((key) => guarded(cellText(row[key]))))).join('')
}

export const csvHeader = (): string => csvRecord([...wireKeys])

function cellText(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
