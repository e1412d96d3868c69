import type { Database } from '../../database/open.js'

const firstAt = 2_000

/**
 * Tells the planner about the rows of an import while they come, each time they have doubled.
 *
 * PostgreSQL does so by itself once a minute; until then it plans for tables as small as they were, and looks for each id and
 * each recipient by reading all of them: measured, an import into an empty database became four times slower on its way.
 */
export function freshStatistics(db: Database): (stored: number) => Promise<void> {
  let next = firstAt
  return async (stored) => {
    if (stored < next) return
    next = stored * 2
    await db.pool.query('ANALYZE visits, links, recipients, tokens, user_agents, places')
  }
}
