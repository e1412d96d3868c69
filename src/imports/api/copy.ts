import type { Config } from '../../config.js'
import type { Database } from '../../database/open.js'
import type { MobileRule } from '../../recipients/mobile.js'
import type { BlocksOnTheWay } from '../../visits/statistics/blocks-on-the-way.js'
import type { Memory } from '../memory.js'
import type { Source } from './source.js'

export interface ApiImportOptions {
  source: Source
  /** Whose links and visits they are to be; absent: of the owner that the other server names. */
  ownerId: number | undefined
  /** IANA zone of the other server's times. */
  zone: string
  config: Pick<Config, 'targetSchemes' | 'outputZone' | 'defaultCountry'>
  /** Stops between two batches; what is stored stays, and the next run goes on from there. */
  signal: AbortSignal
}

/** What is told while it runs. */
export interface ApiImportReport {
  say(line: string): void
  copying(visits: number, total: number): void
}

export interface ApiImportSummary {
  ownerId: number
  links: number
  newLinks: number
  stored: number
  /** They were there already. */
  skipped: number
  refused: number
}

/** What all parts of a copy work on. */
export interface Copy extends Omit<ApiImportOptions, 'ownerId'> {
  db: Database
  memory: Memory
  /** By which numbers of recipients are compared. */
  rule: MobileRule
  report: ApiImportReport
  summary: ApiImportSummary
  /** Told of each visit or recipient that cannot be stored. */
  refuse(what: string, reason: string): void
  refreshStatistics(stored: number): Promise<void>
  blocks: BlocksOnTheWay
}
