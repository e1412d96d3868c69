/** What stands between cells: said by the file, or told by its rows. */
import type { Line } from './lines.js'
import { csvRecords } from './records.js'

/** Which one is meant where rows fit several equally well. */
export const separators = [',', ';', '\t', '|'] as const

/**
 * The separator that a first line of the form `sep=;` declares, as Excel reads and writes it; quotes around it do no harm, nor do
 * separators that a spreadsheet has added behind it. null for any other line.
 */
export function declaredSeparator(line: string): string | null {
  const [, quoted, bare] = /^"?sep=(?:"(.|\\t)"|(.|\\t))"?[,;\t|]*\s*$/i.exec(line.trimStart()) ?? []
  const separator = quoted ?? bare
  if (separator === '\\t') return '\t'
  return separator === undefined || /[\p{L}\p{N}" ]/u.test(separator) ? null : separator
}

interface Fit {
  separator: string
  /** Cells of most records. */
  width: number
  /** Share of records with as many cells. */
  even: number
  /** Share of records in which one of the cells is as wanted. */
  wanted: number
}

/**
 * The separator by which the records have the same number of cells, two at least.
 *
 * @param lines from the beginning of the file
 * @param preferred taken where it makes cells at all
 * @param isWanted decides where several fit, by what the cells should hold: with a decimal comma in each row, `;` and `,`
 *   make rows of two cells alike
 */
export async function separatorOf(
  lines: Line[],
  preferred: string | null,
  isWanted: (cell: string) => boolean = () => false,
): Promise<string> {
  const candidates = preferred === null ? separators : [preferred, ...separators]
  const fits: Fit[] = []
  for (const separator of candidates) fits.push(await fitOf(lines, separator, isWanted))
  const [first, ...others] = fits.filter(({ width }) => width > 1)
  if (first === undefined) return preferred ?? separators[0]
  if (first.separator === preferred) return preferred
  return others.reduce((best, fit) => (isBetter(fit, best) ? fit : best), first).separator
}

function isBetter(a: Fit, b: Fit): boolean {
  const differences = [a.wanted - b.wanted, a.even - b.even, a.width - b.width]
  return (differences.find((difference) => Math.abs(difference) > 0.05) ?? 0) > 0
}

async function fitOf(lines: Line[], separator: string, isWanted: (cell: string) => boolean): Promise<Fit> {
  const counts = new Map<number, number>()
  let records = 0
  let wanted = 0
  for await (const record of csvRecords(lines.values(), { separator, looksLikeRow: (cells) => cells.some(isWanted) })) {
    if ('reason' in record) continue
    records += 1
    counts.set(record.cells.length, (counts.get(record.cells.length) ?? 0) + 1)
    if (record.cells.some(isWanted)) wanted += 1
  }
  const [width, most] = [...counts].reduce((best, count) => (count[1] > best[1] ? count : best), [1, 0])
  return { separator, width, even: most / records, wanted: wanted / records }
}
