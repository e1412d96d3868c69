import type pg from 'pg'
import { migrationsDirectory } from '../database/connect.js'
import { migrate } from '../database/migrate.js'
import type { Header } from './file-format.js'
import { quoted } from './tables.js'

/** A schema that no server looks at: what is restored is made there, and comes into sight when all of it is there. */
export const workshop = 'smart_link_restore'

/** How far the content of a file is in. */
export interface RestoreState {
  /** Of the backup. */
  fileId: string
  /** All rows are in, and are as the file says they are. */
  isLoaded: boolean
  /** Bytes of the content that are done with, and their digest. */
  bytes: number
  digest: string
}

/** null: nothing has been begun, or not far enough to go on with. */
export async function findState(client: pg.Client): Promise<RestoreState | null> {
  const { rows: found } = await client.query(
    `SELECT FROM pg_tables WHERE schemaname = $1 AND tablename = 'restore_state'`,
    [workshop],
  )
  if (found.length === 0) return null
  const { rows } = await client.query<{ file_id: string; is_loaded: boolean; bytes: string; digest: string }>(
    `SELECT file_id, is_loaded, bytes, digest FROM ${workshop}.restore_state`,
  )
  const [row] = rows
  if (row === undefined) return null
  return { fileId: row.file_id, isLoaded: row.is_loaded, bytes: Number(row.bytes), digest: row.digest }
}

/** Tables with the schema of the backup, without what only slows loading down or looks at it too soon. */
export async function openWorkshop(client: pg.Client, url: string, { id, migrations }: Header): Promise<RestoreState> {
  await removeWorkshop(client)
  await client.query(`CREATE SCHEMA ${workshop}`)
  await migrate(url, { directory: migrationsDirectory, schema: workshop, only: migrations })
  await client.query('BEGIN')
  await client.query(`CREATE TABLE ${workshop}.restore_statements (number serial PRIMARY KEY, text text NOT NULL)`)
  await layAside(client)
  await client.query(`CREATE TABLE ${workshop}.restore_state (
    file_id text NOT NULL, is_loaded boolean NOT NULL DEFAULT false, bytes bigint NOT NULL DEFAULT 0, digest text NOT NULL DEFAULT '')`)
  await client.query(`INSERT INTO ${workshop}.restore_state (file_id) VALUES ($1)`, [id])
  await client.query('COMMIT')
  return { fileId: id, isLoaded: false, bytes: 0, digest: '' }
}

/** Whatever was begun. */
export async function removeWorkshop(client: pg.Client): Promise<void> {
  await client.query(`SET client_min_messages TO warning; DROP SCHEMA IF EXISTS ${workshop} CASCADE`)
}

export async function noteProgress(client: pg.Client, { isLoaded, bytes, digest }: RestoreState): Promise<void> {
  await client.query(`UPDATE ${workshop}.restore_state SET is_loaded = $1, bytes = $2, digest = $3`, [
    isLoaded,
    bytes,
    digest,
  ])
}

/** Makes what was laid aside, and brings the schema to that of this program. */
export async function finishWorkshop(
  client: pg.Client,
  url: string,
  { signal, progress }: { signal: AbortSignal; progress: (done: number, total: number) => void },
): Promise<void> {
  const { rows } = await client.query<{ number: number; text: string }>(
    `SELECT number, text FROM ${workshop}.restore_statements ORDER BY number`,
  )
  for (const [done, { number, text }] of rows.entries()) {
    signal.throwIfAborted()
    progress(done, rows.length)
    await client.query('BEGIN')
    await client.query(text)
    await client.query(`DELETE FROM ${workshop}.restore_statements WHERE number = $1`, [number])
    await client.query('COMMIT')
  }
  await migrate(url, { directory: migrationsDirectory, schema: workshop })
  const { rows: tables } = await client.query<{ name: string }>(
    'SELECT tablename AS name FROM pg_tables WHERE schemaname = $1 ORDER BY tablename',
    [workshop],
  )
  for (const { name } of tables) {
    signal.throwIfAborted()
    await client.query(`VACUUM (ANALYZE) ${workshop}.${quoted([name])}`)
  }
}

/** All but primary keys: indexes and references are made at once when the rows are there, and triggers would ask too soon. */
async function layAside(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ removing: string; making: string }>(
    `SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS removing,
       format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS making, 2 AS turn
     FROM pg_constraint WHERE connamespace = $1::regnamespace AND contype = 'f'
     UNION ALL
     SELECT format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid), 1
     FROM pg_index i JOIN pg_class c ON c.oid = indexrelid
     WHERE relnamespace = $1::regnamespace AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype <> 'f')
     UNION ALL
     SELECT format('ALTER TABLE %s DISABLE TRIGGER USER', oid::regclass), format('ALTER TABLE %s ENABLE TRIGGER USER', oid::regclass), 3
     FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'r'
       AND EXISTS (SELECT FROM pg_trigger WHERE tgrelid = pg_class.oid AND NOT tgisinternal)
     ORDER BY turn, making`,
    [workshop],
  )
  // References first: they rely on indexes.
  for (const { removing } of rows.filter(({ removing }) => removing.includes('DROP CONSTRAINT')))
    await client.query(removing)
  for (const { removing } of rows.filter(({ removing }) => !removing.includes('DROP CONSTRAINT')))
    await client.query(removing)
  const texts = rows.map(({ making }) => making)
  await client.query(`INSERT INTO ${workshop}.restore_statements (text) SELECT unnest($1::text[])`, [texts])
}
