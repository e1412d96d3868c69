import type { TextFile } from '../csv/lines.js'
import { type Columns, fields } from '../recipient-files/fields.js'
import type { RecipientFile } from '../recipient-files/open.js'
import type { FoundRecipient } from '../recipient-files/rows.js'
import type { RecipientImportSummary } from '../recipients/import.js'
import { plainText, table } from './table.js'

const separatorNames: Record<string, string> = { ',': 'commas', ';': 'semicolons', '\t': 'tabs', '|': 'vertical bars' }

/** How a file is read, and which columns are taken. */
export function fileForm(name: string, file: RecipientFile, columns: Columns): string {
  const { text, separator, names, namesLine } = file
  const sign = separatorNames[separator] ?? `“${separator}”`
  const header = namesLine === null ? 'no column names' : `column names in line ${namesLine}`
  const lines = fields.flatMap((field) => {
    const at = columns[field]
    if (at === null && field === 'country_code') return []
    return [`  ${field.padEnd(12)}  ${at === null ? 'none' : `column ${at + 1}, ${plainText(names[at] ?? '')}`}`]
  })
  const title = name === '-' ? 'standard input' : name
  return [`${title}: ${encodingText(text)}, separated by ${sign}, ${header}`, ...lines].join('\n')
}

function encodingText({ encoding, windowsLines, hasUtf8 }: TextFile): string {
  if (windowsLines() === 0 || encoding === 'Windows-1252') return encoding
  return hasUtf8() ? 'UTF-8 with lines of Windows-1252' : 'Windows-1252'
}

const mostShown = 5

/** The first rows of a dry run, as they are understood. */
export function previewTable() {
  const shown: string[][] = []
  return {
    add: (rows: { row: FoundRecipient }[]) => {
      for (const { row } of rows.slice(0, mostShown - shown.length))
        shown.push([String(row.line), row.mobile, plainText(row.message_id), plainText(row.sent_at)])
    },
    text: () => table(['LINE', 'MOBILE', 'MESSAGE_ID', 'SENT_AT'], shown),
  }
}

/** What came of it, in one line each. */
export function importSummary({ text }: RecipientFile, summary: RecipientImportSummary, isDryRun: boolean): string {
  const { rows, created, refused, damaged } = summary
  const done = isDryRun
    ? `Would import ${counted(rows, 'row')}, refuse ${refused}; nothing is stored.`
    : `Created ${counted(created, 'recipient')}, found ${rows - created} that were there already, refused ${counted(refused, 'row')}.`
  const windows = text.encoding === 'Windows-1252' ? 0 : text.windowsLines()
  return [
    ...(windows > 0 ? [`${counted(windows, 'line')} not UTF-8, read as Windows-1252.`] : []),
    ...(damaged > 0 ? [`${counted(damaged, 'row')} with broken quotes, of which what is taken is certain.`] : []),
    done,
  ].join('\n')
}

const counted = (count: number, what: string): string => (count === 1 ? `1 ${what}` : `${count} ${what}s`)
