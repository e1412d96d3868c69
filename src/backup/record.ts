import type pg from 'pg'
import { renewEpoch } from '../database/log-epoch.js'
import type { Database } from '../database/open.js'
import type { Header } from './file-format.js'

/** Notes that there is a backup of everything. */
export async function noteBackup({ pool }: Pick<Database, 'pool'>, id: string, takenAt: Date): Promise<void> {
  await pool.query('INSERT INTO backups (id, taken_at) VALUES ($1, $2)', [id, takenAt])
}

/** Of what state the newest backup is; null: none has been made by us. */
export async function lastBackup({ pool }: Pick<Database, 'pool'>): Promise<Date | null> {
  const { rows } = await pool.query<{ taken_at: Date | null }>('SELECT max(taken_at) AS taken_at FROM backups')
  return rows[0]?.taken_at ?? null
}

/** In the transaction that brings a restored database into sight. The file that it came from is a backup of it. */
export async function noteRestored(client: pg.Client, { id, taken_at, user }: Header, isMove: boolean): Promise<void> {
  if (isMove) return
  await renewEpoch(client)
  if (user !== null) return
  await client.query('INSERT INTO backups (id, taken_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING', [id, taken_at])
}
