/**
 * Visits as CSV (RFC 4180): a header with the wire keys, then a line for each visit. An empty cell is both "" and null: which
 * of the two the wire shows depends on the column alone (resource.ts).
 */
import { wireKeys } from './wire-keys.js'

/** Records with their `\r\n`, keys in the contract's order, safe to open in a spreadsheet. */
export function csvText(rows: Record<string, unknown>[]): string {
  return rows.map((row) => record(wireKeys.map((key) => guarded(cellText(row[key]))))).join('')
}

export const csvHeader = (): string => record([...wireKeys])

const record = (cells: string[]): string => `${cells.map(quoted).join(',')}\r\n`

/** Written here, because libraries take three times as long for it. */
const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)

function cellText(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** What a spreadsheet would run as a formula: the signs, their full-width forms, and whitespace that it trims before them. */
const formula = /^'*[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/

/**
 * Puts an apostrophe before a cell that a spreadsheet would take for a formula: user agents and query strings come from
 * strangers. A cell that already has apostrophes there gets one more, so that `unguarded` can always take one away.
 */
export function guarded(cell: string): string {
  return formula.test(cell) ? `'${cell}` : cell
}

/** Takes away exactly what `guarded` put there. */
export function unguarded(cell: string): string {
  return cell.startsWith("'") && formula.test(cell) ? cell.slice(1) : cell
}
