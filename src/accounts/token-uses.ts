import { type Database, statement } from '../database/open.js'
import type { Grant } from './grants.js'

/** When tokens were last used: noted in memory, written once a minute, so that no request waits for it. */
export interface TokenUses {
  note(grant: Grant, now: number): void
  /** Writes what was noted. */
  flush(): Promise<void>
  /** The same, and for the last time. */
  close(): Promise<void>
}

export interface TokenUsesDeps {
  db: Database
  log: { warn(what: object, message: string): void }
}

const writeEveryMs = 60_000

export function openTokenUses({ db, log }: TokenUsesDeps): TokenUses {
  let noted = new Set<Grant>()
  let writing: Promise<void> = Promise.resolve()

  const write = async () => {
    const grants = noted
    noted = new Set()
    if (grants.size === 0) return
    try {
      await db.pool.query(writeUses(latestUses(grants)))
    } catch (error) {
      for (const grant of grants) noted.add(grant)
      log.warn({ err: error }, 'when tokens were used could not be stored')
    }
  }
  const flush = () => {
    writing = writing.then(write)
    return writing
  }
  const timer = setInterval(() => void flush(), writeEveryMs)
  timer.unref()

  return {
    note(grant, now) {
      if (grant.usedAt === null) return
      grant.usedAt = now
      noted.add(grant)
    },
    flush,
    close: () => {
      clearInterval(timer)
      return flush()
    },
  }
}

/** Owners, ids and times; a token that was read anew meanwhile has more than one grant. */
function latestUses(grants: Iterable<Grant>): unknown[] {
  const uses = new Map<string, { ownerId: number; at: number }>()
  for (const { caller, usedAt } of grants) {
    const id = caller.token.id ?? ''
    uses.set(id, { ownerId: caller.ownerId, at: Math.max(usedAt ?? 0, uses.get(id)?.at ?? 0) })
  }
  const list = [...uses.values()]
  return [list.map(({ ownerId }) => ownerId), [...uses.keys()], list.map(({ at }) => new Date(at))]
}

// In one order, because two processes that write at the same time wait for each other's rows.
const writeUses = statement(`
WITH used AS (
  SELECT * FROM unnest($1::int8[], $2::uuid[], $3::timestamptz[]) AS u (user_id, id, at)
), locked AS MATERIALIZED (
  SELECT t.user_id, t.id FROM access_tokens t JOIN used USING (user_id, id)
  ORDER BY t.user_id, t.id FOR NO KEY UPDATE OF t
)
UPDATE access_tokens t SET last_used_at = greatest(t.last_used_at, used.at)
FROM used JOIN locked USING (user_id, id)
WHERE t.user_id = used.user_id AND t.id = used.id`)
