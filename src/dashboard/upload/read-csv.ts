import Papa from 'papaparse'
import { texts } from '../texts.js'
import { looksLikeNumber } from './phone-number.js'

/** A file as rows of texts. */
export interface Sheet {
  /** Names of the columns: those of the first row, or `Column 1` and so on where it has none. */
  names: string[]
  hasNames: boolean
  rows: SheetRow[]
}

export interface SheetRow {
  /** As spreadsheets number them: 1 is the first of the file. */
  number: number
  cells: string[]
}

/** Reads what spreadsheets write: commas, semicolons or tabs; UTF-8, UTF-16, or the coding of old Windows programs. */
export async function readCsv(file: Blob): Promise<Sheet> {
  const { data } = Papa.parse<string[]>(decode(await file.arrayBuffer()), { skipEmptyLines: false })
  const rows = data
    .map((cells, index) => ({ number: index + 1, cells: cells.map((cell) => cell.trim()) }))
    .filter(({ cells }) => cells.some((cell) => cell !== ''))
  const width = rows.reduce((most, { cells }) => Math.max(most, cells.length), 0)
  const [first] = rows
  const hasNames = first !== undefined && !first.cells.some(looksLikeNumber)
  const names = Array.from({ length: width }, (_, at) => (hasNames && first.cells[at]) || texts.upload.column(at + 1))
  return { names, hasNames, rows: hasNames ? rows.slice(1) : rows }
}

function decode(bytes: ArrayBuffer): string {
  const [a, b] = new Uint8Array(bytes)
  if (a === 0xff && b === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (a === 0xfe && b === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}
