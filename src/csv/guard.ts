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
