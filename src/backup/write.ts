import { randomUUID } from 'node:crypto'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import pg from 'pg'
import { appliedMigrations } from '../database/migration-history.js'
import { copyOut } from './copy-out.js'
import { BackupError } from './error.js'
import { contentHash, endOfRows, type FileEnd, firstLine, type Header, type TableHead } from './file-format.js'
import { type BackupTable, backupTables, quoted } from './tables.js'

export interface BackupOptions {
  /** Only what is theirs; null: everything. */
  ownerId: number | null
  /** To be kept in the file. */
  jwtSecret: string | null
  /** Migrations of this program. */
  known: string[]
  signal: AbortSignal
  /** How far it is, in rows. */
  progress?: (rows: number, total: number) => void
}

export interface Backup {
  id: string
  takenAt: Date
  rows: number
  /** Bytes of the file. */
  bytes: number
  /** Every transaction before this one is in it. */
  xmin: string
}

/** Half of the time of the usual level, for a tenth more bytes. */
const compression = { level: 3 }

/**
 * Writes all rows as they are at one moment. Everybody may go on reading and writing.
 *
 * @param client a session of its own; closed at once when the backup fails
 */
export async function writeBackup(client: pg.Client, sink: Writable, options: BackupOptions): Promise<Backup> {
  // Rows in the order in which they lie, whoever else is reading them.
  await client.query(
    'SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET synchronize_seqscans = off',
  )
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  const { rows } = await client.query<{ xmin: string }>(
    'SELECT pg_snapshot_xmin(pg_current_snapshot())::xid::text AS xmin',
  )
  const header = await headerOf(client, options)
  const backup: Backup = {
    id: header.id,
    takenAt: new Date(header.taken_at),
    rows: 0,
    bytes: 0,
    xmin: rows[0]?.xmin ?? '0',
  }
  const content = Readable.from(contentOf(client, header, backup, options), { objectMode: true, highWaterMark: 1 })
  async function* counted(file: AsyncIterable<Buffer>) {
    for await (const piece of file) {
      backup.bytes += piece.length
      yield piece
    }
  }
  await pipeline(content, createGzip(compression), counted, sink, { end: false, signal: options.signal })
  await client.query('COMMIT')
  return backup
}

async function headerOf(client: pg.Client, { ownerId, jwtSecret, known }: BackupOptions): Promise<Header> {
  const migrations = [...(await appliedMigrations(client))].sort()
  const unknown = migrations.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    throw new BackupError(`The database has the schema ${unknown}, and this program only knows ${known.at(-1)}.`)
  }
  if (ownerId !== null) {
    const { rowCount } = await client.query('SELECT FROM owners WHERE id = $1', [ownerId])
    if (rowCount === 0) throw new BackupError(`There is no owner ${ownerId}.`)
  }
  // Before the snapshot, which the first statement has made.
  const { rows } = await client.query<{ now: Date; postgres: string; rows: string }>(
    `SELECT transaction_timestamp() AS now, current_setting('server_version') AS postgres,
       (SELECT coalesce(sum(visits - first_seq + 1 + last_recipient), 0) FROM links WHERE $1::int8 IS NULL OR user_id = $1) AS rows`,
    [ownerId],
  )
  const [found] = rows
  return {
    id: randomUUID(),
    taken_at: (found?.now ?? new Date()).toISOString(),
    postgres: found?.postgres ?? '',
    migrations,
    user: ownerId,
    rows: Number(found?.rows ?? 0),
    ...(jwtSecret !== null && { jwt_secret: jwtSecret }),
  }
}

async function* contentOf(
  client: pg.Client,
  header: Header,
  backup: Backup,
  { ownerId, progress = () => {} }: BackupOptions,
): AsyncGenerator<Buffer> {
  const hash = contentHash()
  const hashed = (data: Buffer | string) => {
    const bytes = Buffer.from(data)
    hash.update(bytes)
    return bytes
  }
  yield hashed(`${firstLine}\n${JSON.stringify(header)}\n`)
  const rows: FileEnd['rows'] = {}
  const tables = await backupTables(client)
  for (const table of tables.filter(({ ownerColumn }) => ownerId === null || ownerColumn !== null)) {
    const head: TableHead = { table: table.name, columns: table.columns }
    yield hashed(`${JSON.stringify(head)}\n`)
    const copying = copyOut(client, copyText(table, ownerId))
    let step = await copying.next()
    try {
      for (; step.done !== true; step = await copying.next()) {
        hash.update(step.value)
        backup.rows += linesOf(step.value)
        yield step.value
        progress(Math.min(backup.rows, header.rows), header.rows)
      }
    } finally {
      await copying.return(0)
    }
    rows[table.name] = step.value
    yield hashed(`${endOfRows}\n`)
  }
  const end: FileEnd = { rows, sha256: hash.digest('hex') }
  yield Buffer.from(`${JSON.stringify(end)}\n`)
}

function copyText({ name, columns, ownerColumn }: BackupTable, ownerId: number | null): string {
  if (ownerId === null) return `COPY ${quoted([name])} (${quoted(columns)}) TO STDOUT`
  const condition = `${quoted([ownerColumn ?? ''])} = ${pg.escapeLiteral(String(ownerId))}`
  return `COPY (SELECT ${quoted(columns)} FROM ${quoted([name])} WHERE ${condition}) TO STDOUT`
}

function linesOf(data: Buffer): number {
  let lines = 0
  for (let at = data.indexOf(10); at !== -1; at = data.indexOf(10, at + 1)) lines += 1
  return lines
}
