/**
 * A visit as the wire shows it: 34 keys in the contract's order (contract.md section 2), built by PostgreSQL because
 * mapping rows in JavaScript halves the rate of pages (design.md, "Reading fast").
 *
 * Numbers travel as strings, an unknown text is "", and null stays only where the documented answer has it.
 */
export interface VisitView {
  /** Whole mobile numbers (scope visits:pii); otherwise the last three digits are `***`. */
  pii: boolean
  /** IANA zone of `created_at`. */
  zone: string
}

/** SELECT list and joins of `visits v`; `pii` and `zone` are the statement's parameters, such as `$5` and `$6`. */
export function visitJson(pii: string, zone: string) {
  return {
    columns: `row_to_json(wire)::text AS json`,
    joins: `
  JOIN user_agents a ON a.user_id = v.user_id AND a.id = v.user_agent_id
  LEFT JOIN places p ON p.user_id = v.user_id AND p.id = v.place_id
  LEFT JOIN recipients r ON r.user_id = v.user_id AND r.link_id = v.link_id AND r.id = v.recipient_id
  CROSS JOIN LATERAL (SELECT
    v.id,
    v.user_id::text AS user_id,
    v.link_id::text AS link_id,
    coalesce(host(v.client_ip), '') AS client_ip,
    v.scheme,
    v.host,
    coalesce(v.query_string, '') AS query_string,
    coalesce(a.user_agent, '') AS user_agent,
    coalesce(a.browser, '') AS browser,
    coalesce(a.browser_version, '') AS browser_version,
    coalesce(v.browser_lang, '') AS browser_lang,
    coalesce(a.browser_engine, '') AS browser_engine,
    v.resolution,
    coalesce(a.platform, '') AS platform,
    coalesce(a.platform_version, '') AS platform_version,
    coalesce(a.platform_name, '') AS platform_name,
    coalesce(a.device_type, '') AS device_type,
    coalesce(a.device_brand, '') AS device_brand,
    coalesce(a.device_model, '') AS device_model,
    CASE WHEN a.touch_enabled THEN '1' ELSE '0' END AS touch_enabled,
    coalesce(p.latitude, '') AS latitude,
    coalesce(p.longitude, '') AS longitude,
    coalesce(p.country, '') AS country,
    coalesce(p.country_code, '') AS country_code,
    coalesce(p.region, '') AS region,
    coalesce(p.city, '') AS city,
    coalesce(p.zipcode, '') AS zipcode,
    coalesce(p.timezone, '') AS timezone,
    v.options,
    to_char(v.created_at AT TIME ZONE ${zone}::text, 'YYYY-MM-DD HH24:MI:SS') AS created_at,
    v.visit_id,
    r.token,
    coalesce(r.message_id, r.token) AS message_id,
    CASE WHEN ${pii}::bool THEN r.mobile ELSE left(r.mobile, -3) || '***' END AS mobile
  ) wire`,
  }
}
