import type { LoggedClick } from './logged-click.js'
import type { Cells, Columns } from './table.js'

/** What the CSV files of another program look like, and what they say. */
export interface LogFormat {
  /** Of the program. */
  name: string
  columns: Columns
  /**
   * @param zone IANA zone of times that name none
   * @returns the reason when a record is no click
   */
  read(cells: Cells, zone: string): LoggedClick | string
}
