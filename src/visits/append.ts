import { isForeignKeyViolation } from '../database/errors.js'
import { anyOwner, type Database, statement } from '../database/open.js'
import { inOneGo } from '../database/transaction.js'
import { blankOptions } from './blank-options.js'
import { Dictionary, type NewEntries, placeId, userAgentId } from './dictionary.js'
import type { NewVisit } from './visit.js'
import { visitIdOf } from './visit-id.js'

export interface Appended {
  /** Visits that are in the log now and were not before. */
  stored: number
  /** Ids of visits that were not stored because their link does not exist any more. */
  orphaned: string[]
  /** Ids of visits that were not stored because people have opened their link as often as they may (`max_visits`). */
  exceeding: string[]
}

export interface AppendOptions {
  /** Webhooks are told: for what happens now, not for what is imported. */
  isLive?: boolean
  /** Links keep to their `max_visits`: for clicks that have not been answered yet. */
  isLimited?: boolean
  /** How long it waits for the owner's lock, in milliseconds; without it, as long as the session may. */
  lockMs?: number
  /** Ends it at once; whether the batch was stored is then unknown. */
  signal?: AbortSignal
}

/**
 * Appends a batch of one owner's visits to the log, in the order given: the only way a visit is ever stored.
 *
 * One transaction locks the owner, drops ids that are stored already, numbers the rest (1, 2, 3 … in its link, people
 * apart, and a position in the owner's account), raises the counters and fills the outbox of webhooks. The owner's lock
 * makes number order and commit order the same thing, and since every batch takes it first, two batches cannot deadlock.
 *
 * A visit of a recipient who was erased after the click (it waited in a spool or a queue, or is imported) is stored blank: without
 * address and query, and with nothing of `options` but whether it was a bot.
 */
export async function appendVisits(
  db: Database,
  ownerId: number,
  visits: NewVisit[],
  options: AppendOptions = {},
): Promise<Appended> {
  if (visits.length === 0) return nothing
  try {
    return await appendOnce(db, ownerId, visits, options)
  } catch (error) {
    if (!isForeignKeyViolation(error)) throw error
    // A user agent or place that this process had seen stored is gone: carry them all and try again.
    dictionary.forget()
    return appendOnce(db, ownerId, visits, options)
  }
}

const nothing: Appended = { stored: 0, orphaned: [], exceeding: [] }

const dictionary = new Dictionary()

async function appendOnce(
  db: Database,
  ownerId: number,
  visits: NewVisit[],
  { isLive = false, isLimited = false, lockMs, signal }: AppendOptions,
): Promise<Appended> {
  const places = visits.flatMap(({ place }) => place ?? [])
  const entries = dictionary.missing(
    ownerId,
    visits.map(({ userAgent }) => userAgent),
    places,
  )
  const insert = insertVisits([...values(ownerId, visits, entries), isLive, isLimited])
  const limit = lockMs === undefined ? [] : [{ text: `SET LOCAL lock_timeout = ${lockMs}` }]
  const results = await inOneGo<Appended>(db, [...limit, lockOwner([ownerId]), insert], signal)
  const { stored, orphaned, exceeding } = results.at(-1)?.rows[0] ?? nothing
  if (stored > 0) dictionary.remember(ownerId, entries)
  return { stored, orphaned, exceeding }
}

function values(ownerId: number, visits: NewVisit[], { userAgents, places }: NewEntries): unknown[] {
  const byId = new Map<string, NewVisit>()
  for (const visit of visits) if (!byId.has(visit.id)) byId.set(visit.id, visit)
  // Under short keys, and without what is null: this is most of what goes over the wire for a visit.
  const rows = Array.from(byId.values(), (visit) => ({
    a: visit.id,
    b: visit.visitId === null || visit.visitId === visitIdOf(visit.id) ? undefined : visit.visitId,
    c: visit.linkId,
    d: visit.createdAt,
    e: visit.recipientId ?? undefined,
    f: userAgentId(visit.userAgent),
    g: visit.place ? placeId(visit.place) : undefined,
    h: visit.clientIp ?? undefined,
    i: visit.scheme ?? undefined,
    j: visit.host ?? undefined,
    k: visit.queryString ?? undefined,
    l: visit.browserLang ?? undefined,
    m: visit.resolution ?? undefined,
    n: visit.isBot,
    o: visit.options ?? undefined,
  }))
  return [ownerId, JSON.stringify(rows), JSON.stringify(userAgents), JSON.stringify(places)]
}

/** Bots are not counted, but a link that is used up is used up for them as well. */
const isExceeding = 'coalesce(nth_human > people_left, people_left <= 0, false)'

const uuidShape = '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'

const lockOwner = statement('SELECT FROM owners WHERE id = $1 FOR NO KEY UPDATE')

// Links are looked up by a list of numbers, and stored ids as values: while tables are small or new, the planner would
// answer joins and NOT EXISTS by reading all of the owner's rows for each batch.
const insertVisits = statement(`
WITH input AS MATERIALIZED (
  SELECT t.* FROM ROWS FROM (json_to_recordset($2::json) AS (
    a uuid, b uuid, c int8, d timestamptz, e int8, f int8, g int8, h inet, i text, j text, k text, l text, m text, n bool, o json
  )) WITH ORDINALITY AS t (
    id, visit_id, link_id, created_at, recipient_id, user_agent_id, place_id,
    client_ip, scheme, host, query_string, browser_lang, resolution, is_bot,
    options, nth
  )
),
opened_links AS MATERIALIZED (
  SELECT l.id, CASE WHEN $6 THEN l.max_visits - l.human_visits END AS people_left,
    CASE WHEN $5 AND l.webhook_id ~ '${uuidShape}' THEN (
      SELECT w.id FROM webhooks w WHERE w.user_id = $1 AND w.id = l.webhook_id::uuid AND w.status = 1
    ) END AS webhook_id
  FROM links l
  WHERE l.user_id = $1 AND l.id = ANY (ARRAY(SELECT link_id FROM input)) AND l.deleted_at IS NULL
),
candidates AS MATERIALIZED (
  SELECT i.*, l.people_left, l.webhook_id,
    CASE WHEN NOT is_bot THEN count(*) FILTER (WHERE NOT is_bot) OVER (PARTITION BY link_id ORDER BY nth) END AS nth_human
  FROM input i JOIN opened_links l ON l.id = i.link_id
  WHERE NOT coalesce((SELECT true FROM visits v WHERE v.user_id = ${anyOwner} AND v.id = i.id), false)
),
fresh AS MATERIALIZED (
  SELECT c.*,
    row_number() OVER (ORDER BY nth) AS nth_of_owner,
    row_number() OVER (PARTITION BY link_id ORDER BY nth) AS nth_of_link
  FROM candidates c WHERE NOT ${isExceeding}
),
new_agents AS (
  INSERT INTO user_agents
  SELECT $1, t.* FROM json_to_recordset($3::json) AS t (
    id int8, user_agent text, hints json, browser text, browser_version text, browser_engine text, platform text,
    platform_version text, platform_name text, device_type text, device_brand text, device_model text, touch_enabled bool
  )
  WHERE EXISTS (SELECT FROM fresh)
  ON CONFLICT DO NOTHING
),
new_places AS (
  INSERT INTO places
  SELECT $1, t.* FROM json_to_recordset($4::json) AS t (
    id int8, country text, country_code text, region text, city text, zipcode text, latitude text, longitude text,
    timezone text
  )
  WHERE EXISTS (SELECT FROM fresh)
  ON CONFLICT DO NOTHING
),
account AS (
  UPDATE owners SET
    last_account_seq = last_account_seq + (SELECT count(*) FROM fresh),
    last_recorded_at = greatest(last_recorded_at, clock_timestamp())
  WHERE id = $1 AND EXISTS (SELECT FROM fresh)
  RETURNING last_account_seq - (SELECT count(*) FROM fresh) AS base, last_recorded_at AS now
),
per_recipient AS MATERIALIZED (
  SELECT f.link_id, r.id, f.number, f.humans, f.earliest, f.latest, f.humans > 0 AND NOT r.visited AS is_first,
    r.erasure_id IS NOT NULL AS is_erased
  FROM (
    SELECT link_id, recipient_id, count(*) AS number, count(nth_human) AS humans,
      min(created_at) FILTER (WHERE NOT is_bot) AS earliest, max(created_at) FILTER (WHERE NOT is_bot) AS latest
    FROM fresh WHERE recipient_id IS NOT NULL GROUP BY link_id, recipient_id
  ) f
  JOIN recipients r ON r.user_id = ${anyOwner} AND r.link_id = f.link_id AND r.id = f.recipient_id
),
opened AS (
  UPDATE recipients r SET
    visits = r.visits + p.number,
    human_visits = r.human_visits + p.humans,
    visited = r.human_visits + p.humans > 0,
    first_visit = least(r.first_visit, p.earliest),
    last_visit = greatest(r.last_visit, p.latest)
  FROM per_recipient p
  WHERE r.user_id = ${anyOwner} AND r.link_id = p.link_id AND r.id = p.id
),
raised AS (
  UPDATE links l SET
    visits = l.visits + f.number,
    human_visits = l.human_visits + f.humans,
    reached = l.reached + (SELECT count(*) FROM per_recipient p WHERE p.link_id = f.link_id AND p.is_first),
    last_visited = greatest(l.last_visited, f.latest),
    last_recorded_at = a.now
  FROM (
    SELECT link_id, count(*) AS number, count(nth_human) AS humans, max(created_at) AS latest FROM fresh GROUP BY link_id
  ) f CROSS JOIN account a
  WHERE l.user_id = $1 AND l.id = f.link_id AND l.id = ANY (ARRAY(SELECT link_id FROM fresh))
  RETURNING l.id, l.visits - f.number AS base, l.human_visits - f.humans AS human_base
),
stored AS (
  INSERT INTO visits (
    user_id, link_id, seq, account_seq, human_seq, user_agent_id, place_id, recipient_id, created_at, recorded_at,
    id, visit_id, client_ip, scheme, host, query_string, browser_lang, resolution, options
  )
  SELECT $1, f.link_id, r.base + f.nth_of_link, a.base + f.nth_of_owner, r.human_base + f.nth_human,
    f.user_agent_id, f.place_id, f.recipient_id, f.created_at, a.now,
    f.id, f.visit_id, CASE WHEN f.is_erased THEN NULL ELSE f.client_ip END, f.scheme, f.host,
    CASE WHEN f.is_erased THEN NULL ELSE f.query_string END, f.browser_lang, f.resolution,
    CASE WHEN f.is_erased THEN ${blankOptions('f.options')} ELSE f.options END
  FROM (
    SELECT *, (link_id, recipient_id) IN (SELECT link_id, id FROM per_recipient WHERE is_erased) AS is_erased FROM fresh
  ) f JOIN raised r ON r.id = f.link_id CROSS JOIN account a
  ORDER BY f.nth
),
announced AS (
  INSERT INTO webhook_deliveries (user_id, link_id, seq, webhook_id, id)
  SELECT $1, f.link_id, r.base + f.nth_of_link, f.webhook_id, f.id
  FROM fresh f JOIN raised r ON r.id = f.link_id WHERE f.webhook_id IS NOT NULL
),
lanes AS (
  INSERT INTO webhook_lanes (user_id, link_id, next_at)
  SELECT DISTINCT $1::int8, f.link_id, a.now FROM fresh f CROSS JOIN account a WHERE f.webhook_id IS NOT NULL
  ORDER BY f.link_id
  ON CONFLICT (user_id, link_id) DO UPDATE SET arrivals = webhook_lanes.arrivals + 1, next_at = CASE
    WHEN webhook_lanes.is_resting THEN least(webhook_lanes.next_at, excluded.next_at) ELSE webhook_lanes.next_at
  END
)
SELECT (SELECT count(*)::int FROM fresh) AS stored,
  ARRAY(SELECT id::text FROM input WHERE link_id NOT IN (SELECT id FROM opened_links)) AS orphaned,
  ARRAY(SELECT id::text FROM candidates WHERE ${isExceeding}) AS exceeding,
  (SELECT pg_notify('visits', $1::text || ':' || string_agg(id::text, ',')) FROM (SELECT id FROM raised LIMIT 100) r) AS told`)
