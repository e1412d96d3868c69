import type { Database } from './open.js'

const oldestVersion = 150_000

/** Settings without which an answered click may be lost when the machine goes down. */
const durable = ['fsync', 'full_page_writes', 'synchronous_commit']

/** Clocks that differ by more make times of recording and expiry dates surprising. */
const clockToleranceMs = 1000

/** Which PostgreSQL it is, and what is wrong with it, each in one sentence. */
export async function examineServer({ pool }: Database): Promise<{ version: string; problems: string[] }> {
  const { rows } = await pool.query<{ name: string; setting: string }>(
    'SELECT name, setting FROM pg_settings WHERE name = ANY ($1)',
    [[...durable, 'server_version', 'server_version_num']],
  )
  const settings = new Map(rows.map(({ name, setting }) => [name, setting]))
  const isOld = Number(settings.get('server_version_num')) < oldestVersion
  const version = settings.get('server_version') ?? ''
  const problems = [
    ...(isOld ? [`PostgreSQL ${version} is too old: use 15 or newer`] : []),
    ...durable
      .filter((name) => settings.get(name) === 'off')
      .map((name) => `${name} is off: recorded visits may be lost when the machine goes down`),
  ]
  return { version, problems }
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
