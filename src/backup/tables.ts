import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { migrationsDirectory } from '../database/connect.js'

/** A table as it is in a backup. */
export interface BackupTable {
  name: string
  columns: string[]
  /** What says whose rows they are; null: they are of the installation. */
  ownerColumn: string | null
}

/** Has a row for each owner, which says something of the installation all the same. */
const ofInstallation = ['log_epoch_starts']

/**
 * All tables of ours in the session's schema, those that others refer to first. Tables that somebody else keeps beside them do not count.
 */
export async function backupTables(client: pg.ClientBase): Promise<BackupTable[]> {
  const { rows } = await client.query<{ name: string; columns: string[]; references: string[] }>(
    `SELECT c.relname AS name,
       (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
       ARRAY(SELECT DISTINCT r.relname::text FROM pg_constraint f JOIN pg_class r ON r.oid = f.confrelid
             WHERE f.conrelid = c.oid AND f.contype = 'f' AND r.oid <> c.oid) AS "references"
     FROM pg_class c
     WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND c.relname = ANY ($1)
     ORDER BY c.relname`,
    [await createdTables()],
  )
  const ordered: BackupTable[] = []
  const isThere = (name: string) => ordered.some((table) => table.name === name)
  while (ordered.length < rows.length) {
    const next = rows.find(({ name, references }) => !isThere(name) && references.every(isThere))
    if (next === undefined) throw new Error('tables refer to each other in a circle')
    ordered.push({ name: next.name, columns: next.columns, ownerColumn: ownerColumnOf(next) })
  }
  return ordered
}

/** Names of the tables that migrations make. */
export async function createdTables(): Promise<string[]> {
  const entries = await readdir(migrationsDirectory, { withFileTypes: true })
  const folders = entries.filter((entry) => entry.isDirectory())
  const scripts = await Promise.all(
    folders.map(({ name }) => readFile(join(migrationsDirectory, name, 'migration.sql'), 'utf8')),
  )
  return [...scripts.join('\n').matchAll(/\bCREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?"?(\w+)/gi)].map(
    ([, name]) => name ?? '',
  )
}

/** As names in a statement. */
export const quoted = (names: string[]) => names.map((name) => pg.escapeIdentifier(name)).join(', ')

function ownerColumnOf({ name, columns }: { name: string; columns: string[] }): string | null {
  if (name === 'owners') return 'id'
  return columns.includes('user_id') && !ofInstallation.includes(name) ? 'user_id' : null
}
