import type { FilledDatabase } from './fill.js'
import type { LoadClient } from './load.js'
import type { Generator } from './load-protocol.js'
import type { Table } from './report.js'

/** What the command line asked for. */
export interface BenchOptions {
  /** Visits of the measured link. */
  rows: number
  /** Length of one measurement. */
  seconds: number
  /** How often every case is measured, in turns with the others. */
  rounds: number
  /** Only proves that everything runs: figures mean nothing. */
  smoke: boolean
  generator: Generator
  /** Name under which filled databases are kept for the next run; null drops them at the end. */
  keep: string | null
}

/** What every section works with. Databases are filled once, whichever section asks first. */
export interface BenchContext extends BenchOptions {
  load: LoadClient
  databases(): Promise<FilledDatabase[]>
  log(line: string): void
}

/** One file of this folder: `npm run bench -- NAME`. */
export interface Section {
  run(context: BenchContext): Promise<Table[]>
}
