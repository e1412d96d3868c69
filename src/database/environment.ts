import type { Database } from './open.js'
import { examineSession } from './session.js'

const oldestVersion = 150_000

/** Settings without which an answered click may be lost when the machine goes down. */
const durable = ['fsync', 'full_page_writes', 'synchronous_commit']

/** A fault is to be mended; the rest works, and may not be meant so. */
export interface ServerProblem {
  isFault: boolean
  text: string
}

/** Clocks that differ by more make times of recording and expiry dates surprising. */
const clockToleranceMs = 1000

/** Which PostgreSQL it is, and what is wrong with it or with a connection of the pool, each in one sentence. */
export async function examineServer({ pool }: Database): Promise<{ version: string; problems: ServerProblem[] }> {
  const { rows } = await pool.query<{ name: string; setting: string }>(
    'SELECT name, setting FROM pg_settings WHERE name = ANY ($1)',
    [[...durable, 'autovacuum', 'server_version', 'server_version_num', 'transaction_read_only']],
  )
  const settings = new Map(rows.map(({ name, setting }) => [name, setting]))
  const isOld = Number(settings.get('server_version_num')) < oldestVersion
  const version = settings.get('server_version') ?? ''
  const offs = [...durable, 'autovacuum'].filter((name) => settings.get(name) === 'off')
  const problems = offs.map((name) =>
    name === 'autovacuum'
      ? { isFault: false, text: 'autovacuum is off: the server slows down as rows that are no more pile up' }
      : { isFault: true, text: `${name} is off: recorded visits may be lost when the machine goes down` },
  )
  if (await isUnseen(pool)) problems.push({ isFault: false, text: unseen })
  if (isOld) problems.push({ isFault: true, text: `PostgreSQL ${version} is too old: use 15 or newer` })
  if (settings.get('transaction_read_only') === 'on') problems.push({ isFault: true, text: 'it takes no writes' })
  for (const text of await examineSession(pool)) problems.push({ isFault: true, text })
  return { version, problems }
}

const unseen =
  'it does not tell its timeline: run smart-link doctor --after-restore after each promotion of a replica, too'

/** Whether a promotion would go unnoticed (log-epoch.ts). */
async function isUnseen(pool: Database['pool']): Promise<boolean> {
  const { rows: tables } = await pool.query(`SELECT WHERE to_regclass('log_epochs') IS NOT NULL`)
  if (tables.length === 0) return false
  const { rows } = await pool.query('SELECT FROM log_epochs WHERE ended_at IS NULL AND timeline IS NULL')
  return rows.length > 0
}

/** How far the clock of PostgreSQL is off the one of this machine, and whether that is too far. */
export async function examineClock({ pool }: Database): Promise<{ difference: string; isFar: boolean }> {
  const earliest = Date.now()
  const { rows } = await pool.query<{ now: Date }>('SELECT clock_timestamp() AS now')
  const latest = Date.now()
  const now = rows[0]?.now.getTime() ?? earliest
  const aheadMs = Math.max(now - latest, 0) + Math.min(now - earliest, 0)
  const direction = aheadMs > 0 ? 'ahead of' : 'behind'
  const difference =
    aheadMs === 0 ? 'that of this machine' : `${Math.abs(aheadMs) / 1000} seconds ${direction} that of this machine`
  return { difference, isFar: Math.abs(aheadMs) > clockToleranceMs }
}
