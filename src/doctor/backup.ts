import { lastBackup } from '../backup/record.js'
import type { Config } from '../config.js'
import type { Database } from '../database/open.js'
import type { Finding } from './finding.js'

const dayMs = 86_400_000
/** What has come since would be lost. */
const oldDays = 7

/**
 * How old the last backup is. Of the embedded database nobody else makes one; of another one PostgreSQL's own tools may, and only who has
 * begun with ours is told that they have stopped.
 */
export async function examineBackup(
  db: Database,
  { databaseUrl }: Pick<Config, 'databaseUrl'>,
  now = new Date(),
): Promise<Finding> {
  const topic = 'backup'
  const last = await lastBackup(db)
  if (last === null) return { topic, ...(await withoutBackup(db, databaseUrl === undefined)) }
  const days = Math.max(0, Math.floor((now.getTime() - last.getTime()) / dayMs))
  const text = `the last one is of ${last.toISOString().slice(0, 10)}, ${days} days old`
  return days > oldDays
    ? { level: 'warn', topic, text: `${text}: run smart-link backup` }
    : { level: 'ok', topic, text }
}

async function withoutBackup({ pool }: Database, isEmbedded: boolean): Promise<Omit<Finding, 'topic'>> {
  if (!isEmbedded) return { level: 'ok', text: 'none by smart-link backup; those of PostgreSQL are not seen from here' }
  const { rowCount } = await pool.query('SELECT FROM visits LIMIT 1')
  return rowCount === 0
    ? { level: 'ok', text: 'none, and no visits yet' }
    : { level: 'warn', text: 'there is none: run smart-link backup' }
}
