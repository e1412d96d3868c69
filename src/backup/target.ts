import { setTimeout as wait } from 'node:timers/promises'
import type pg from 'pg'
import { BackupError } from './error.js'
import { createdTables, quoted } from './tables.js'

/** So that two do not restore into one database at once. */
const restoreLock = 5_170_019
/** A session that has ended may be listed for a moment. */
const leavingMs = 2_000

/**
 * Sees to it that the database may be restored into: it has no rows of ours, nobody uses it, and no other restore is at work. Held until the
 * session ends.
 *
 * @throws BackupError
 */
export async function claimTarget(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1) AS got', [restoreLock])
  if (rows[0]?.got !== true) throw new BackupError('Another process is restoring into this database.')
  const foreign = await tablesInPublic(client)
  const isOurs = foreign.includes('_prisma_migrations')
  if (!isOurs && foreign.length > 0) {
    throw new BackupError(`The database holds tables of something else, such as ${foreign[0]}: use an empty one.`)
  }
  if (isOurs) await refuseFilled(client)
  await refuseOthers(client)
}

/**
 * Puts what has been made in the schema into public, in place of what is empty there: all of it at one moment, or nothing.
 *
 * @param last statements that belong to that moment
 * @throws BackupError when the database is not empty any more
 */
export async function publish(
  client: pg.Client,
  schema: string,
  last: (client: pg.Client) => Promise<void>,
): Promise<void> {
  const created = [...(await createdTables()), '_prisma_migrations']
  await refuseOthers(client)
  await client.query('BEGIN')
  try {
    const old = (await tablesInPublic(client)).filter((name) => created.includes(name))
    if (old.length > 0) {
      const names = old.map((name) => `public.${quoted([name])}`).join(', ')
      await client.query(`LOCK TABLE ${names} IN ACCESS EXCLUSIVE MODE`)
      await refuseFilled(client)
      await client.query(`DROP TABLE ${names}`)
    }
    await moveFunctions(client, schema)
    const made = (await tablesIn(client, schema)).filter((name) => created.includes(name))
    for (const name of made) {
      await client.query(`ALTER TABLE ${schema}.${quoted([name])} SET SCHEMA public`)
    }
    await client.query(`DROP SCHEMA ${schema} CASCADE`)
    await client.query('SET LOCAL search_path TO public')
    await last(client)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw error
  }
}

/** A server would keep in memory what it has read of the database before. */
async function refuseOthers(client: pg.Client): Promise<void> {
  for (const giveUpAt = performance.now() + leavingMs; ; ) {
    const { rowCount } = await client.query(
      `SELECT FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'smart-link%' LIMIT 1`,
    )
    if (rowCount === 0) return
    if (performance.now() > giveUpAt) break
    await wait(50)
  }
  throw new BackupError('A server or command of smart-link uses the database: stop it first.')
}

async function refuseFilled(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ there: boolean }>("SELECT to_regclass('public.owners') IS NOT NULL AS there")
  if (rows[0]?.there !== true) return
  const { rowCount } = await client.query('SELECT FROM public.owners LIMIT 1')
  if (rowCount !== 0) throw new BackupError('The database has owners already: restore into an empty one.')
}

async function moveFunctions(client: pg.Client, schema: string): Promise<void> {
  const { rows } = await client.query<{ signature: string; is_there: boolean }>(
    `SELECT format('%I(%s)', proname, pg_get_function_identity_arguments(oid)) AS signature,
       to_regprocedure(format('public.%I(%s)', proname, pg_get_function_identity_arguments(oid))) IS NOT NULL AS is_there
     FROM pg_proc WHERE pronamespace = $1::regnamespace`,
    [schema],
  )
  for (const { signature, is_there } of rows) {
    if (is_there) await client.query(`DROP FUNCTION public.${signature}`)
    await client.query(`ALTER FUNCTION ${schema}.${signature} SET SCHEMA public`)
  }
}

const tablesInPublic = (client: pg.Client) => tablesIn(client, 'public')

/** But those that an extension brought. */
async function tablesIn(client: pg.Client, schema: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class c
     WHERE relkind IN ('r', 'p') AND relnamespace = to_regnamespace($1) AND NOT EXISTS (
       SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
     ORDER BY relname`,
    [schema],
  )
  return rows.map(({ name }) => name)
}
