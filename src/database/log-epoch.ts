import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { isReadOnly } from './errors.js'
import { insertKey, keyNames } from './server-key.js'
import { connectLimitMs, SessionClient } from './session.js'

/**
 * The epoch that logs are in, as SQL: a random number that whatever is made of positions of a log carries. After a replica was
 * promoted that lacked the last visits, or a backup was restored, numbers are given a second time; what was made of the first ones
 * must then be known as such.
 *
 * It is read with the positions in one statement, so that the two never disagree. 0: none has begun.
 */
export const currentEpoch = '(SELECT coalesce(max(id), 0) FROM log_epochs WHERE ended_at IS NULL)'

/** Which database it is. Each is null where the role may not ask, or the server does not tell. */
interface Identity {
  /** Of the cluster that the server was made as or copied from. */
  system: string | null
  /** Of the write-ahead log: another one begins with each promotion, and each recovery to a point in time. */
  timeline: string | null
  /** Of the database in the cluster: a dump that was restored is another one. */
  database: string | null
}

interface Found extends Identity {
  is_standby: boolean
  /** As it was when the epoch began; null: there is no epoch. */
  known: Identity | null
}

/** What a connection is to be looked at with before anything else is sent over it. */
export type EpochCheck = (client: pg.ClientBase) => Promise<void>

/**
 * Begins a new epoch where a connection leads to a database that is not the one of the epoch. Whoever connects first does it, before
 * anything is recorded there, so that the epoch knows how far logs reached.
 *
 * A standby may become a primary under a connection, so one that leads there writes nothing and is given up after use.
 *
 * @param keepsSettings false where the connection is a pooler's, so that a setting would be others' too
 */
export function epochCheck(keepsSettings = true): EpochCheck {
  let way = 0
  const find = async (client: pg.ClientBase): Promise<Found | undefined> => {
    for (;;) {
      try {
        const { rows } = await client.query<Found>(limited(identify(ways[way] ?? [])))
        return rows[0]
      } catch (error) {
        if (!isUntold(error) || way >= ways.length - 1) throw error
        way += 1
      }
    }
  }
  const check: EpochCheck = async (client) => {
    const found = await find(client)
    if (found === undefined) return
    if (found.is_standby) {
      if (client instanceof SessionClient) client.isReadOnly = true
      if (keepsSettings) await client.query(limited('SET default_transaction_read_only = on'))
      return
    }
    if (found.known !== null && isSame(found.known, found)) return
    await beginIfOther(client, find)
  }
  return async (client) => {
    try {
      await check(client)
    } catch (error) {
      // Not migrated yet; or nothing can be recorded, and what is there is what the epoch had.
      if (codeOf(error) === undefinedTable || isReadOnly(error)) return
      // Whoever waits for the connection would wait for a server that does not answer to close it in order.
      if (client instanceof pg.Client) client.connection.stream.destroy()
      throw error
    }
  }
}

async function beginIfOther(
  client: pg.ClientBase,
  find: (client: pg.ClientBase) => Promise<Found | undefined>,
): Promise<void> {
  const work = async () => {
    const found = await find(client)
    if (found === undefined) return
    if (found.known === null || isOther(found.known, found)) await begin(client, found)
    else await client.query({ ...limited(completeIdentity), values: identityOf(found) })
  }
  await client.query(limited(`BEGIN; ${lockEpochs}`))
  try {
    await work()
    await client.query(limited('COMMIT'))
  } catch (error) {
    await client.query(limited('ROLLBACK')).catch(() => {})
    throw error
  }
}

/**
 * Begins a new epoch, whatever the database is like: after a restore that cannot be told from the database itself.
 *
 * @param client in a transaction
 */
export async function renewEpoch(client: pg.ClientBase): Promise<void> {
  await client.query(lockEpochs)
  const { rows } = await client.query<Identity>(
    'SELECT system, timeline, database FROM log_epochs WHERE ended_at IS NULL',
  )
  await begin(client, rows[0] ?? { system: null, timeline: null, database: null })
}

async function begin(client: pg.ClientBase, identity: Identity): Promise<void> {
  await client.query('UPDATE log_epochs SET ended_at = clock_timestamp() WHERE ended_at IS NULL')
  const { rows } = await client.query<{ number: number }>(insertEpoch, identityOf(identity))
  const number = rows[0]?.number ?? 1
  // Before the first one there was none that anything could be left of.
  if (number > 1) await client.query(insertStarts, [number])
  // Made when first needed, they could be needed by a primary whose last changes are lost, and what is signed with them was no use then.
  for (const name of keyNames) await client.query(insertKey, [name, randomBytes(32)])
  await client.query('NOTIFY log_epoch')
}

const identityOf = ({ system, timeline, database }: Identity) => [system, timeline, database]

/** What is not known differs from nothing. */
function isOther(known: Identity, found: Identity): boolean {
  return names.some((name) => known[name] !== null && found[name] !== null && known[name] !== found[name])
}

/** Also as far as it is known. */
function isSame(known: Identity, found: Identity): boolean {
  return names.every((name) => found[name] === null || known[name] === found[name])
}

const names = ['system', 'timeline', 'database'] as const

/** What to ask for, from the most to the least: a role may lack the right to one or the other, as with some hosts. */
const ways: ('system' | 'timeline')[][] = [['system', 'timeline'], ['timeline'], ['system'], []]

/** The timeline in use, not that of the last checkpoint: the latter comes some time after a promotion. */
const identify = (asked: ('system' | 'timeline')[]) => `
SELECT pg_is_in_recovery() AS is_standby,
  ${asked.includes('system') ? '(SELECT system_identifier::text FROM pg_control_system())' : 'NULL::text'} AS system,
  ${
    asked.includes('timeline')
      ? `CASE WHEN NOT pg_is_in_recovery() THEN
           ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int8::text
         END`
      : 'NULL::text'
  } AS timeline,
  (SELECT oid::text FROM pg_database WHERE datname = current_database()) AS database,
  (
    SELECT json_build_object('system', system, 'timeline', timeline::text, 'database', database::text)
    FROM log_epochs WHERE ended_at IS NULL
  ) AS known`

/** Held until the transaction ends. */
const lockEpochs = "SELECT pg_advisory_xact_lock(hashtextextended('log_epoch', 0))"

const completeIdentity = `
UPDATE log_epochs SET system = coalesce(system, $1), timeline = coalesce(timeline, $2), database = coalesce(database, $3)
WHERE ended_at IS NULL`

/** A number that JavaScript has exactly, and that takes six bytes in a cursor. */
const insertEpoch = `
INSERT INTO log_epochs (number, id, system, timeline, database)
SELECT coalesce(max(number), 0) + 1, 1 + floor(random() * 281474976710655)::int8, $1::text, $2::int8, $3::int8
FROM log_epochs
RETURNING number`

const insertStarts = `
INSERT INTO log_epoch_starts (user_id, number, account_seq, last_erased)
SELECT id, $1::int4, last_account_seq, last_erased FROM owners`

/** No longer than connecting may take: a pooler that answers while PostgreSQL does not would keep the statement waiting. */
const limited = (text: string) => Object.assign({ text }, { query_timeout: connectLimitMs })

const undefinedTable = '42P01'

/** The role may not, there is no such function, or the server does not support it. */
const isUntold = (error: unknown) => ['42501', '42883', '0A000'].includes(codeOf(error) ?? '')

const codeOf = (error: unknown) => (error as { code?: string }).code
