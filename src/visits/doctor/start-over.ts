import { renewEpoch } from '../../database/log-epoch.js'
import type { Database } from '../../database/open.js'
import { inTransaction } from '../../database/transaction.js'

/**
 * After a restore: begins a new epoch of the logs, so that nothing counts any more that servers and clients have made of them before,
 * and removes the blocks of statistics, which are made anew.
 */
export async function startOver(db: Database): Promise<void> {
  await inTransaction(db, async (client) => {
    await renewEpoch(client)
    await client.query('DELETE FROM visit_blocks')
  })
}
