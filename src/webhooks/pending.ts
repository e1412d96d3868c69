import { anyOwner, type Database, statement } from '../database/open.js'
import type { Place, UserAgent } from '../visits/visit.js'
import type { Lane } from './lanes.js'

/** A delivery that is to be made, with the webhook as it is now. */
export interface PendingDelivery {
  seq: number
  /** The visit's. */
  id: string
  attempts: number
  webhook: PendingWebhook
  /** As the log has it; null: it is not in the log any more. */
  visit: LoggedVisit | null
}

export interface PendingWebhook {
  id: string
  uri: string
  secret: string | null
  verificationCode: string
  /** Whether it is told whole numbers, or masked ones. */
  wholeNumbers: boolean
  /** Another one after each edit. */
  revision: string
}

export interface LoggedVisit {
  id: string
  linkId: number
  createdAt: Date
  clientIp: string | null
  host: string | null
  browserLang: string | null
  userAgent: UserAgent
  place: Place | null
  /** The recipient's, whole. */
  mobile: string | null
}

/**
 * What a lane has to deliver next, in order. Webhooks that are switched off are passed over.
 *
 * @param most deliveries; fewer than these are all there are
 */
export async function readPending(db: Database, { ownerId, linkId }: Lane, most: number): Promise<PendingDelivery[]> {
  const { rows } = await db.pool.query<Row>(pendingOfLane([ownerId, linkId, most]))
  return rows.map((row) => ({
    seq: Number(row.seq),
    id: row.id,
    attempts: row.attempts,
    webhook: {
      id: row.webhook_id,
      uri: row.uri,
      secret: row.secret,
      verificationCode: row.verification_code,
      wholeNumbers: row.whole_numbers,
      revision: row.revision,
    },
    visit: row.created_at === null ? null : visitOf(row, row.created_at, linkId),
  }))
}

type Text = string | null

interface Row {
  seq: string
  id: string
  webhook_id: string
  attempts: number
  uri: string
  secret: Text
  verification_code: string
  whole_numbers: boolean
  revision: string
  created_at: Date | null
  client_ip: Text
  host: Text
  browser_lang: Text
  user_agent: Text
  browser: Text
  browser_version: Text
  browser_engine: Text
  platform: Text
  platform_version: Text
  platform_name: Text
  device_type: Text
  device_brand: Text
  device_model: Text
  touch_enabled: boolean | null
  country: Text
  country_code: Text
  region: Text
  city: Text
  mobile: Text
}

function visitOf(row: Row, createdAt: Date, linkId: number): LoggedVisit {
  return {
    id: row.id,
    linkId,
    createdAt,
    clientIp: row.client_ip,
    host: row.host,
    browserLang: row.browser_lang,
    userAgent: {
      userAgent: row.user_agent,
      hints: null,
      browser: row.browser,
      browserVersion: row.browser_version,
      browserEngine: row.browser_engine,
      platform: row.platform,
      platformVersion: row.platform_version,
      platformName: row.platform_name,
      deviceType: row.device_type,
      deviceBrand: row.device_brand,
      deviceModel: row.device_model,
      touchEnabled: row.touch_enabled === true,
    },
    place: {
      country: row.country,
      countryCode: row.country_code,
      region: row.region,
      city: row.city,
      ...{ zipcode: null, latitude: null, longitude: null, timezone: null },
    },
    mobile: row.mobile,
  }
}

// OFFSET 0: everything is looked up by its key, for each delivery, however few rows there are. Visits of a deleted link are out
// of sight, though not yet removed. So are addresses of an erased recipient: an erasure gets to the visits later.
const pendingOfLane = statement(`
SELECT d.seq, d.id, d.webhook_id, d.attempts, w.uri, w.secret, w.verification_code, w.whole_numbers, w.updated_at::text AS revision, v.*
FROM webhook_deliveries d
CROSS JOIN LATERAL (
  SELECT uri, secret, verification_code, whole_numbers, updated_at FROM webhooks
  WHERE user_id = d.user_id AND id = d.webhook_id AND status = 1 AND deleted_at IS NULL OFFSET 0
) w
LEFT JOIN LATERAL (
  SELECT v.created_at, CASE WHEN r.erasure_id IS NULL THEN v.client_ip END AS client_ip, v.host, v.browser_lang,
    a.user_agent, a.browser, a.browser_version, a.browser_engine, a.platform, a.platform_version, a.platform_name,
    a.device_type, a.device_brand, a.device_model, a.touch_enabled, p.country, p.country_code, p.region, p.city, r.mobile
  FROM visits v
  JOIN LATERAL (SELECT FROM links WHERE user_id = v.user_id AND id = v.link_id AND deleted_at IS NULL OFFSET 0) l ON true
  LEFT JOIN LATERAL (SELECT * FROM user_agents WHERE user_id = v.user_id AND id = v.user_agent_id OFFSET 0) a ON true
  LEFT JOIN LATERAL (SELECT * FROM places WHERE user_id = v.user_id AND id = v.place_id OFFSET 0) p ON true
  LEFT JOIN LATERAL (
    SELECT mobile, erasure_id FROM recipients
    WHERE user_id = v.user_id AND link_id = v.link_id AND id = v.recipient_id OFFSET 0
  ) r ON true
  WHERE v.user_id = d.user_id AND v.link_id = d.link_id AND v.seq = d.seq AND v.id = d.id OFFSET 0
) v ON true
WHERE d.user_id = ${anyOwner} AND d.link_id = $2 AND d.state = 'pending'
ORDER BY d.seq LIMIT $3`)
