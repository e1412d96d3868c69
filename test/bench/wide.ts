import type { Database } from '../../src/database/open.js'

/**
 * The layout without dictionaries: one row holds all that the wire shows, under the names it has there.
 *
 * Filled in the order of the log and indexed for the same questions: a page, an id, the account's feed, people only,
 * and the filters.
 *
 * @returns how to drop it
 */
export async function makeWide({ pool }: Database): Promise<() => Promise<void>> {
  await pool.query('DROP TABLE IF EXISTS wide')
  await pool.query(`
    CREATE TABLE wide AS
    SELECT v.id, v.user_id, v.link_id, v.client_ip, v.scheme, v.host, v.query_string,
      a.user_agent, a.browser, a.browser_version, v.browser_lang, a.browser_engine, v.resolution,
      a.platform, a.platform_version, a.platform_name, a.device_type, a.device_brand, a.device_model, a.touch_enabled,
      p.latitude, p.longitude, p.country, p.country_code, p.region, p.city, p.zipcode, p.timezone,
      v.options, v.created_at, v.visit_id, r.token, coalesce(r.message_id, r.token) AS message_id, r.mobile,
      v.seq, v.account_seq, v.human_seq, v.recorded_at
    FROM visits v
    JOIN user_agents a ON a.user_id = v.user_id AND a.id = v.user_agent_id
    LEFT JOIN places p ON p.user_id = v.user_id AND p.id = v.place_id
    LEFT JOIN recipients r ON r.user_id = v.user_id AND r.link_id = v.link_id AND r.id = v.recipient_id
    ORDER BY v.user_id, v.account_seq`)
  for (const columns of await indexedColumns(pool)) await pool.query(`CREATE INDEX ON wide (${columns})`)
  return async () => {
    await pool.query('DROP TABLE wide')
  }
}

/** What stands in the wide table for the numbers that ours keeps. */
const standIns: Record<string, string> = { user_agent_id: 'browser', place_id: 'country_code', recipient_id: 'token' }

async function indexedColumns(pool: Database['pool']): Promise<string[]> {
  const { rows } = await pool.query<{ columns: string[] }>(
    `SELECT array_agg(a.attname::text ORDER BY k.nth) AS columns
     FROM pg_index i, unnest(i.indkey) WITH ORDINALITY AS k (number, nth)
     JOIN pg_attribute a ON a.attnum = k.number
     WHERE i.indrelid = 'visits'::regclass AND a.attrelid = i.indrelid GROUP BY i.indexrelid`,
  )
  return rows.map(({ columns }) => columns.map((column) => standIns[column] ?? column).join(', '))
}
