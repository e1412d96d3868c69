import type { Hash } from 'node:crypto'
import type { Readable } from 'node:stream'
import pg from 'pg'
import { migrationsDirectory } from '../database/connect.js'
import { migrationNames } from '../database/migrate.js'
import { openSession } from '../database/session.js'
import { copyIn } from './copy-in.js'
import { BackupError, DamagedFile } from './error.js'
import { contentHash, type Header, readFileEnd, readTableHead, type TableHead } from './file-format.js'
import { altered, cut, headerOf, type Line, type Part, partsOf } from './read.js'
import { noteRestored } from './record.js'
import { backupTables, quoted } from './tables.js'
import { claimTarget, publish } from './target.js'
import {
  findState,
  finishWorkshop,
  noteProgress,
  openWorkshop,
  type RestoreState,
  removeWorkshop,
  workshop,
} from './workshop.js'

export interface RestoreOptions {
  /** There is no file: it comes straight from a database. The last thing that is done out of sight, with the session of the restore. */
  moving?: (client: pg.Client) => Promise<void>
  signal: AbortSignal
  /** Told once, before anything is loaded. */
  begun?: (header: Header, isResumed: boolean) => void
  /** Rows that are in. */
  loaded?: (rows: number, total: number) => void
  /** Indexes and the like. */
  finishing?: (done: number, total: number) => void
}

/** Rows are committed by so many bytes: what a kill costs, and how much is in memory. */
const stepBytes = 4 * 1024 * 1024

/**
 * Puts a backup into a database that has no rows of ours. Nothing can be seen of it before all of it is there and is what was written. What
 * was killed or interrupted goes on with the same file where it stopped.
 *
 * @returns what the file says of itself
 * @throws BackupError
 */
export async function restoreBackup(url: string, file: Readable, options: RestoreOptions): Promise<Header> {
  const settings = { statement_timeout: '0', lock_timeout: '0', idle_in_transaction_session_timeout: '0' }
  const client = await openSession(url, {
    name: 'smart-link restore',
    // What PostgreSQL loses in a crash, it loses from the end.
    settings: { ...settings, search_path: workshop, synchronous_commit: 'off', maintenance_work_mem: '128MB' },
  })
  const { signal } = options
  const abort = () => client.connection.stream.destroy()
  signal.addEventListener('abort', abort)
  try {
    signal.throwIfAborted()
    await claimTarget(client)
    const parts = partsOf(file)
    const { header, raw } = await headerOf(parts)
    await refuseNewer(header)
    const known = await findState(client)
    const isResumed = known?.fileId === header.id
    options.begun?.(header, isResumed)
    const state = isResumed ? known : await openWorkshop(client, url, header)
    if (!state.isLoaded) await load(client, { header, raw, parts, state }, options)
    await finishWorkshop(client, url, { signal, progress: options.finishing ?? (() => {}) })
    await options.moving?.(client)
    await publish(client, workshop, (last) => noteRestored(last, header, options.moving !== undefined))
    return header
  } catch (error) {
    // There is nothing to go on with.
    if (error instanceof DamagedFile) {
      await client.query('ROLLBACK')
      await removeWorkshop(client)
    }
    throw error
  } finally {
    signal.removeEventListener('abort', abort)
    await client.end().catch(() => {})
  }
}

async function refuseNewer({ migrations }: Header): Promise<void> {
  const known = await migrationNames(migrationsDirectory)
  const newer = migrations.findLast((name) => !known.includes(name))
  if (newer === undefined) return
  throw new BackupError(
    `The backup has the schema ${newer}, and this program only knows ${known.at(-1)}: install the version that made it, or a newer one.`,
  )
}

interface Loading {
  header: Header
  raw: Buffer
  parts: AsyncIterable<Part>
  state: RestoreState
}

async function load(client: pg.Client, { header, raw, parts, state }: Loading, options: RestoreOptions): Promise<void> {
  const loader = new Loader(client, state, header, options)
  loader.pass(raw)
  let end: string | null = null
  for await (const part of parts) {
    options.signal.throwIfAborted()
    if (end !== null) throw altered('something comes behind its end')
    if (part.kind === 'rows') await loader.rows(part.raw)
    else if (part.kind === 'end-of-rows') await loader.endOfRows(part.raw)
    else if (part.text.startsWith('{"table":')) await loader.beginTable(part)
    else end = part.text
  }
  if (end === null) throw cut()
  await loader.end(end)
}

/** Takes a file from its beginning; what is in already is only compared. */
class Loader {
  readonly #client: pg.Client
  readonly #state: RestoreState
  readonly #header: Header
  readonly #options: RestoreOptions
  readonly #hash: Hash = contentHash()
  readonly #rows = new Map<string, number>()
  readonly #columns = new Map<string, string[]>()
  #bytes = 0
  #table: TableHead | null = null
  #step: Buffer[] = []
  #stepBytes = 0
  #total = 0
  #isCompared = false

  constructor(client: pg.Client, state: RestoreState, header: Header, options: RestoreOptions) {
    this.#client = client
    this.#state = state
    this.#header = header
    this.#options = options
  }

  /** What is no row. */
  pass(raw: Buffer): void {
    this.#hash.update(raw)
    this.#bytes += raw.length
  }

  async beginTable({ text, raw }: Line): Promise<void> {
    this.#table = readTableHead(text)
    if (this.#table === null) throw altered('the head of a table cannot be read')
    const { table, columns } = this.#table
    if (this.#columns.size === 0) {
      for (const { name, columns } of await backupTables(this.#client)) this.#columns.set(name, columns)
    }
    const missing = columns.find((column) => this.#columns.get(table)?.includes(column) !== true)
    if (missing !== undefined) throw altered(`its schema has no column ${missing} of ${table}`)
    this.#rows.set(table, 0)
    this.pass(raw)
  }

  async rows(raw: Buffer): Promise<void> {
    const known = Math.min(raw.length, Math.max(0, this.#state.bytes - this.#bytes))
    this.pass(raw.subarray(0, known))
    this.#count(raw.subarray(0, known))
    if (known > 0 && this.#bytes === this.#state.bytes) this.#compare()
    const fresh = raw.subarray(known)
    if (fresh.length === 0) return
    this.#step.push(fresh)
    this.#stepBytes += fresh.length
    if (this.#stepBytes >= stepBytes) await this.#store()
  }

  async endOfRows(raw: Buffer): Promise<void> {
    await this.#store()
    this.#table = null
    this.pass(raw)
  }

  async end(text: string): Promise<void> {
    if (this.#state.bytes > 0 && !this.#isCompared) throw changed()
    const end = readFileEnd(text)
    if (end === null) throw altered('its end cannot be read')
    if (end.sha256 !== this.#hash.digest('hex')) throw altered('its content is not what was written')
    for (const [table, rows] of Object.entries(end.rows)) {
      const { rows: counted } = await this.#client.query<{ rows: string }>(
        `SELECT count(*) AS rows FROM ${quoted([table])}`,
      )
      if (Number(counted[0]?.rows) !== rows) throw altered(`it has not the ${rows} rows of ${table} that it says`)
    }
    await noteProgress(this.#client, { ...this.#state, isLoaded: true, bytes: this.#bytes, digest: end.sha256 })
  }

  async #store(): Promise<void> {
    if (this.#table === null || this.#stepBytes === 0) return
    const { table, columns } = this.#table
    const data = this.#step.length === 1 && this.#step[0] !== undefined ? this.#step[0] : Buffer.concat(this.#step)
    this.pass(data)
    await this.#client.query('BEGIN')
    await copyIn(this.#client, `COPY ${quoted([table])} (${quoted(columns)}) FROM STDIN`, data).catch((error) => {
      throw isData(error) ? altered(`a row of ${table} cannot be stored: ${error.message}`) : error
    })
    const digest = this.#hash.copy().digest('hex')
    await noteProgress(this.#client, { ...this.#state, isLoaded: false, bytes: this.#bytes, digest })
    await this.#client.query('COMMIT')
    this.#count(data)
    this.#step = []
    this.#stepBytes = 0
  }

  #count(data: Buffer): void {
    for (let at = data.indexOf(10); at !== -1; at = data.indexOf(10, at + 1)) this.#total += 1
    this.#options.loaded?.(Math.min(this.#total, this.#header.rows), this.#header.rows)
  }

  #compare(): void {
    this.#isCompared = true
    if (this.#hash.copy().digest('hex') === this.#state.digest) return
    throw changed()
  }
}

const changed = () => altered('it has changed since the restore was begun. Run the command again to begin anew')

/** Values that PostgreSQL refuses. */
function isData(error: unknown): error is pg.DatabaseError {
  return error instanceof pg.DatabaseError && /^(22|23)...$/.test(error.code ?? '')
}
