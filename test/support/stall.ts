import { onTestFinished } from 'vitest'
import type { Database } from '../../src/database/open.js'
import { until } from './until.js'

const lockId = 4711

/** A removal of visits that stands still in the middle of a transaction. */
export interface Stall {
  /** Returns when a process has got there. */
  reached(): Promise<void>
  /** Lets it go on, and returns when nothing of a process that was killed there is left in the database. */
  release(): Promise<void>
}

/** From now on each step that removes visits of a link up to a number above `seq` waits, with these visits gone and not committed. */
export async function stallRemoval(db: Database, seq: number): Promise<Stall> {
  const holder = await db.connectDirectly()
  onTestFinished(() => holder.end())
  await holder.query(`SELECT pg_advisory_lock(${lockId})`)
  // The last statement of a step, whether there are deliveries or not.
  await db.pool.query(`
    CREATE FUNCTION stall() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF EXISTS (SELECT FROM links WHERE first_seq > ${seq} + 1) THEN PERFORM pg_advisory_xact_lock_shared(${lockId}); END IF;
      RETURN NULL;
    END $$;
    CREATE TRIGGER stall BEFORE DELETE ON webhook_deliveries FOR EACH STATEMENT EXECUTE FUNCTION stall()`)
  const waiting = async () => {
    const { rows } = await db.pool.query<{ pid: number }>(
      `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = ${lockId} AND NOT granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    )
    return rows[0]?.pid
  }
  let pid = 0
  return {
    async reached() {
      pid = (await until(waiting)) ?? 0
    },
    async release() {
      await holder.query(`SELECT pg_advisory_unlock(${lockId})`)
      await until(
        async () => (await db.pool.query('SELECT FROM pg_stat_activity WHERE pid = $1', [pid])).rowCount === 0,
      )
    },
  }
}
