import { InvalidArgumentError } from 'commander'
import { type Columns, type FieldName, fields } from '../recipient-files/fields.js'
import { StartError } from '../server.js'

/** Columns as a person names them: by a name of the file, a number from 1, or `none`. */
export type ColumnChoice = Partial<Record<FieldName, string>>

/** `mobile=2,message_id=Order no` */
export function columnChoice(text: string): ColumnChoice {
  const choice: ColumnChoice = {}
  for (const part of text.split(/,(?=\s*\w+\s*=)/)) {
    const [, name = '', column = ''] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(part) ?? []
    const field = fields.find((known) => known === name)
    if (field === undefined || column === '')
      throw new InvalidArgumentError(`give FIELD=COLUMN, comma-separated; the fields are ${fields.join(', ')}.`)
    choice[field] = column
  }
  return choice
}

/** @throws StartError when the file has no such column, and when none has the numbers */
export function chosenColumns(choice: ColumnChoice, guessed: Columns, names: string[]): Columns {
  const columns = { ...guessed }
  for (const field of fields) {
    const column = choice[field]
    if (column !== undefined) columns[field] = columnAt(column, names)
    // A column that was guessed for another field is not both.
    for (const other of fields) {
      const isTaken = other !== field && choice[other] === undefined && columns[other] === columns[field]
      if (column !== undefined && isTaken) columns[other] = null
    }
  }
  if (columns.mobile === null)
    throw new StartError(`No column looks like mobile numbers: say --columns mobile=COLUMN. ${listOf(names)}`)
  return columns
}

function columnAt(column: string, names: string[]): number | null {
  const named = names.findIndex((name) => name.toLowerCase() === column.toLowerCase())
  if (named >= 0) return named
  if (column.toLowerCase() === 'none') return null
  if (/^\d{1,4}$/.test(column) && Number(column) >= 1 && Number(column) <= names.length) return Number(column) - 1
  throw new StartError(`There is no column ${column}. ${listOf(names)}`)
}

const listOf = (names: string[]): string =>
  `The columns are: ${names.map((name, at) => `${at + 1} ${name}`).join(', ')}.`
