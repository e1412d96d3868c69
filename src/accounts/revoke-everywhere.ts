import { listenerName, type Notifications } from '../database/notifications.js'
import { type Database, statement } from '../database/open.js'
import { revokeToken } from './revoke-token.js'

/** How long a server trusts what it knows of a token without a word of anybody. */
export const longestTrustMs = 5_000

/**
 * Revokes a token, and returns when every server has said that it has heard (grants.ts): from then on none accepts it. One that
 * does not say so has lost its connection, and trusts nothing for longer than it is waited for. So long are all waited for by a
 * server that cannot hear what they say.
 *
 * @throws HttpError 404 for a token that is missing, or somebody else's
 */
export async function revokeTokenEverywhere(
  db: Database,
  notifications: Pick<Notifications, 'subscribe'>,
  ownerId: number,
  id: string,
): Promise<void> {
  let heard = 0
  let servers = Infinity
  let end = () => {}
  const everybody = new Promise<void>((resolve) => {
    end = resolve
  })
  const stop = notifications.subscribe('access_tokens_heard', (word) => {
    if (word === id) heard += 1
    if (heard >= servers) end()
  })
  let timer: NodeJS.Timeout | undefined
  try {
    if (!(await revokeToken(db, ownerId, id))) return
    timer = setTimeout(end, longestTrustMs)
    const { rows } = await db.pool.query<{ count: number }>(countListeners([listenerName]))
    servers = rows[0]?.count ?? 0
    if (heard < servers) await everybody
  } finally {
    clearTimeout(timer)
    stop()
  }
}

/**
 * Says of every revocation that this process has heard of it, whether it has tokens to forget (grants.ts) or not: they are forgotten
 * before anybody can read that. Who does not get to say so is waited for in vain, for a few seconds.
 */
export function confirmRevocations(db: Database, notifications: Pick<Notifications, 'subscribe'>): void {
  notifications.subscribe('access_tokens', (id) => {
    if (id) db.pool.query(sayHeard([id])).catch(() => {})
  })
}

const sayHeard = statement(`SELECT pg_notify('access_tokens_heard', $1)`)
const countListeners = statement(
  'SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1',
)
