import type { PoolClient } from 'pg'
import { isForeignKeyViolation } from '../database/errors.js'
import { type Database, statement } from '../database/open.js'
import { inTransaction } from '../database/transaction.js'
import { Dictionary, type NewEntries, placeId, userAgentId } from './dictionary.js'
import type { NewVisit } from './visit.js'

export interface Appended {
  /** Visits that are in the log now and were not before. */
  stored: number
  /** Ids of visits that were not stored because their link does not exist any more. */
  orphaned: string[]
}

/**
 * Appends a batch of one owner's visits to the log, in the order given: the only way a visit is ever stored.
 *
 * One transaction locks the owner, drops ids that are stored already, numbers the rest (1, 2, 3 … in its link, people
 * apart, and a position in the owner's account) and raises the counters. The owner's lock makes number order and commit
 * order the same thing, and since every batch takes it first, two batches cannot deadlock.
 */
export async function appendVisits(
  db: Database,
  ownerId: number,
  visits: NewVisit[],
  signal?: AbortSignal,
): Promise<Appended> {
  if (visits.length === 0) return { stored: 0, orphaned: [] }
  try {
    return await appendOnce(db, ownerId, visits, signal)
  } catch (error) {
    if (!isForeignKeyViolation(error)) throw error
    // A user agent or place that this process had seen stored is gone: carry them all and try again.
    dictionary.forget()
    return appendOnce(db, ownerId, visits, signal)
  }
}

const dictionary = new Dictionary()

async function appendOnce(
  db: Database,
  ownerId: number,
  visits: NewVisit[],
  signal: AbortSignal | undefined,
): Promise<Appended> {
  const places = visits.flatMap(({ place }) => place ?? [])
  const entries = dictionary.missing(
    ownerId,
    visits.map(({ userAgent }) => userAgent),
    places,
  )
  const append = async (client: PoolClient) => {
    await client.query(lockOwner([ownerId]))
    const { rows } = await client.query<Appended>(insertVisits(values(ownerId, visits, entries)))
    return rows[0] ?? { stored: 0, orphaned: [] }
  }
  const appended = await inTransaction(db, append, signal)
  if (appended.stored > 0) dictionary.remember(ownerId, entries)
  return appended
}

function values(ownerId: number, visits: NewVisit[], { userAgents, places }: NewEntries): unknown[] {
  const byId = new Map<string, NewVisit>()
  for (const visit of visits) if (!byId.has(visit.id)) byId.set(visit.id, visit)
  const rows = Array.from(byId.values(), (visit) => ({
    id: visit.id,
    visit_id: visit.visitId,
    link_id: visit.linkId,
    created_at: visit.createdAt,
    recipient_id: visit.recipientId,
    user_agent_id: userAgentId(visit.userAgent),
    place_id: visit.place && placeId(visit.place),
    client_ip: visit.clientIp,
    scheme: visit.scheme,
    host: visit.host,
    query_string: visit.queryString,
    browser_lang: visit.browserLang,
    resolution: visit.resolution,
    is_bot: visit.isBot,
    options: visit.options,
  }))
  return [ownerId, JSON.stringify(rows), JSON.stringify(userAgents), JSON.stringify(places)]
}

const lockOwner = statement('SELECT FROM owners WHERE id = $1 FOR NO KEY UPDATE')

// Whether an id is stored is asked as a value, not as NOT EXISTS: while a table is new, the planner would answer that by
// reading all of the owner's visits for each batch.
const insertVisits = statement(`
WITH input AS MATERIALIZED (
  SELECT t.*, l.id IS NOT NULL AS has_link
  FROM ROWS FROM (json_to_recordset($2::json) AS (
    id uuid, visit_id uuid, link_id int8, created_at timestamptz, recipient_id int8, user_agent_id int8, place_id int8,
    client_ip inet, scheme text, host text, query_string text, browser_lang text, resolution text, is_bot bool,
    options json
  )) WITH ORDINALITY AS t (
    id, visit_id, link_id, created_at, recipient_id, user_agent_id, place_id,
    client_ip, scheme, host, query_string, browser_lang, resolution, is_bot,
    options, nth
  )
  LEFT JOIN links l ON l.user_id = $1 AND l.id = t.link_id AND l.deleted_at IS NULL
),
fresh AS MATERIALIZED (
  SELECT i.*,
    row_number() OVER (ORDER BY nth) AS nth_of_owner,
    row_number() OVER (PARTITION BY link_id ORDER BY nth) AS nth_of_link,
    CASE WHEN NOT is_bot THEN count(*) FILTER (WHERE NOT is_bot) OVER (PARTITION BY link_id ORDER BY nth) END AS nth_human
  FROM input i
  WHERE has_link AND (SELECT v.id FROM visits v WHERE v.user_id = $1 AND v.id = i.id) IS NULL
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
  SELECT f.link_id, r.id, f.number, f.humans, f.earliest, f.latest, f.humans > 0 AND NOT r.visited AS is_first
  FROM (
    SELECT link_id, recipient_id, count(*) AS number, count(nth_human) AS humans,
      min(created_at) FILTER (WHERE NOT is_bot) AS earliest, max(created_at) FILTER (WHERE NOT is_bot) AS latest
    FROM fresh WHERE recipient_id IS NOT NULL GROUP BY link_id, recipient_id
  ) f
  JOIN recipients r ON r.user_id = $1 AND r.link_id = f.link_id AND r.id = f.recipient_id
),
opened AS (
  UPDATE recipients r SET
    visits = r.visits + p.number,
    human_visits = r.human_visits + p.humans,
    visited = r.human_visits + p.humans > 0,
    first_visit = least(r.first_visit, p.earliest),
    last_visit = greatest(r.last_visit, p.latest)
  FROM per_recipient p
  WHERE r.user_id = $1 AND r.link_id = p.link_id AND r.id = p.id
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
  WHERE l.user_id = $1 AND l.id = f.link_id
  RETURNING l.id, l.visits - f.number AS base, l.human_visits - f.humans AS human_base
),
stored AS (
  INSERT INTO visits (
    user_id, link_id, seq, account_seq, human_seq, user_agent_id, place_id, recipient_id, created_at, recorded_at,
    id, visit_id, client_ip, scheme, host, query_string, browser_lang, resolution, options
  )
  SELECT $1, f.link_id, r.base + f.nth_of_link, a.base + f.nth_of_owner, r.human_base + f.nth_human,
    f.user_agent_id, f.place_id, f.recipient_id, f.created_at, a.now,
    f.id, f.visit_id, f.client_ip, f.scheme, f.host, f.query_string, f.browser_lang, f.resolution, f.options
  FROM fresh f JOIN raised r ON r.id = f.link_id CROSS JOIN account a
  ORDER BY f.nth
)
SELECT (SELECT count(*)::int FROM fresh) AS stored,
  ARRAY(SELECT id::text FROM input WHERE NOT has_link) AS orphaned,
  (SELECT pg_notify('visits', $1::text || ':' || string_agg(id::text, ',')) FROM (SELECT id FROM raised LIMIT 100) r) AS told`)
