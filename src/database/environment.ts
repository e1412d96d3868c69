import type { Database } from './open.js'

const oldestVersion = 150_000

/** Settings without which an answered click may be lost when the machine goes down. */
const durable = ['fsync', 'full_page_writes', 'synchronous_commit']

/** Clocks that differ by more make times of recording and expiry dates surprising. */
const clockToleranceMs = 1000

/** What is wrong with the PostgreSQL itself, each in one sentence. */
export async function environmentProblems({ pool }: Database): Promise<string[]> {
  const { rows } = await pool.query<{ name: string; setting: string }>(
    'SELECT name, setting FROM pg_settings WHERE name = ANY ($1)',
    [[...durable, 'server_version', 'server_version_num']],
  )
  const settings = new Map(rows.map(({ name, setting }) => [name, setting]))
  const isOld = Number(settings.get('server_version_num')) < oldestVersion
  return [
    ...(isOld ? [`PostgreSQL ${settings.get('server_version')} is too old: use 15 or newer`] : []),
    ...durable
      .filter((name) => settings.get(name) === 'off')
      .map((name) => `${name} is off: recorded visits may be lost when the machine goes down`),
    ...(await clockProblems(pool)),
  ]
}

async function clockProblems(pool: Database['pool']): Promise<string[]> {
  const earliest = Date.now()
  const { rows } = await pool.query<{ now: Date }>('SELECT clock_timestamp() AS now')
  const latest = Date.now()
  const now = rows[0]?.now.getTime() ?? earliest
  const aheadMs = Math.max(now - latest, 0) + Math.min(now - earliest, 0)
  if (Math.abs(aheadMs) <= clockToleranceMs) return []
  const direction = aheadMs > 0 ? 'ahead of' : 'behind'
  return [`its clock is ${Math.abs(aheadMs) / 1000} seconds ${direction} the clock of this machine`]
}
