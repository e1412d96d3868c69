import pg from 'pg'
import { copyIn } from './copy-in.js'
import { copyOut } from './copy-out.js'
import { type BackupTable, backupTables, quoted } from './tables.js'

/**
 * Brings a copy to what the source is now. What has changed since is found by who wrote each row, and what has gone by keys that are
 * missing; so it takes as long as reading the source once, not as long as copying it.
 *
 * @param source nobody writes there any more
 * @param copy in its session's schema, with all indexes
 * @param xmin of the snapshot that the copy was made of: every transaction before it is in the copy
 * @returns rows that were written
 */
export async function catchUp(source: pg.Client, copy: pg.Client, xmin: string): Promise<number> {
  await source.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  // One transaction: whatever stops it, the copy is as it was. Triggers have looked at all of this where it comes from.
  await copy.query('BEGIN')
  const tables = await backupTables(source)
  for (const { name } of tables) await copy.query(`ALTER TABLE ${quoted([name])} DISABLE TRIGGER USER`)
  let rows = 0
  for (const table of tables) rows += await takeChanged(source, copy, table, xmin)
  for (const table of tables.toReversed()) await removeGone(source, copy, table)
  await copy.query('SET CONSTRAINTS ALL IMMEDIATE')
  for (const { name } of tables) await copy.query(`ALTER TABLE ${quoted([name])} ENABLE TRIGGER USER`)
  await copy.query('COMMIT')
  await source.query('COMMIT')
  return rows
}

/** Those too that a transaction of after `xmin` wrote and the copy has: they are the same. */
async function takeChanged(
  source: pg.Client,
  copy: pg.Client,
  { name, columns }: BackupTable,
  xmin: string,
): Promise<number> {
  const [table, list, keys] = [quoted([name]), quoted(columns), await keyOf(copy, name)]
  const changed = `SELECT ${list} FROM ${table} WHERE age(xmin) <= age(${pg.escapeLiteral(xmin)}::xid)`
  await copy.query(`CREATE TEMP TABLE changed ON COMMIT DROP AS SELECT ${list} FROM ${table} WITH NO DATA`)
  for await (const piece of copyOut(source, `COPY (${changed}) TO STDOUT`)) {
    await copyIn(copy, `COPY changed (${list}) FROM STDIN`, piece)
  }
  const values = columns.map((column) => `${quoted([column])} = excluded.${quoted([column])}`).join(', ')
  const { rowCount } = await copy.query(
    `INSERT INTO ${table} (${list}) SELECT ${list} FROM changed ON CONFLICT (${quoted(keys)}) DO UPDATE SET ${values}`,
  )
  await copy.query('DROP TABLE changed')
  return rowCount ?? 0
}

async function removeGone(source: pg.Client, copy: pg.Client, { name }: BackupTable): Promise<void> {
  const table = quoted([name])
  // All that is there is in the copy by now.
  if ((await countOf(source, table)) === (await countOf(copy, table))) return
  const keys = await keyOf(copy, name)
  const list = quoted(keys)
  await copy.query(`CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT ${list} FROM ${table} WITH NO DATA`)
  for await (const piece of copyOut(source, `COPY ${table} (${list}) TO STDOUT`)) {
    await copyIn(copy, `COPY kept (${list}) FROM STDIN`, piece)
  }
  await copy.query('ANALYZE kept')
  const isSame = keys.map((key) => `kept.${quoted([key])} = ${table}.${quoted([key])}`).join(' AND ')
  await copy.query(`DELETE FROM ${table} WHERE NOT EXISTS (SELECT FROM kept WHERE ${isSame})`)
  await copy.query('DROP TABLE kept')
}

async function countOf(client: pg.Client, table: string): Promise<string> {
  const { rows } = await client.query<{ rows: string }>(`SELECT count(*) AS rows FROM ${table}`)
  return rows[0]?.rows ?? ''
}

/** Columns of the primary key. */
async function keyOf(client: pg.Client, table: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT attname AS name FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
     WHERE indisprimary AND indrelid = $1::regclass`,
    [quoted([table])],
  )
  return rows.map(({ name }) => name)
}
