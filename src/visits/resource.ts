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

const clientKeys = ['user_agent', 'browser', 'browser_version']
const machineKeys = [
  ...['platform', 'platform_version', 'platform_name'],
  ...['device_type', 'device_brand', 'device_model'],
]
const placeKeys = ['latitude', 'longitude', 'country', 'country_code', 'region', 'city', 'zipcode', 'timezone']

/**
 * SELECT list and joins of `visits v`; `pii` and `zone` are the statement's parameters, such as `$5` and `$6`.
 *
 * The text is put together by concat(), which costs half of row_to_json(), from pieces that belong to a user agent, a
 * place or a recipient. Each is a subquery that OFFSET 0 keeps in one piece: PostgreSQL looks it up by its key and
 * memoizes what it made, where it would else hash whole tables for one page.
 */
export function visitJson(pii: string, zone: string) {
  return {
    columns: `concat(
    '{"id":"', v.id, '","user_id":"', v.user_id, '","link_id":"', v.link_id, '","client_ip":"', host(v.client_ip),
    '","scheme":', ${orNull('v.scheme')}, ',"host":', ${orNull('v.host')},
    ',"query_string":', ${orEmpty('v.query_string')}, a.client, ',"browser_lang":', ${orEmpty('v.browser_lang')},
    a.engine, ',"resolution":', ${orNull('v.resolution')}, a.machine, coalesce(p.place, '${noPlace}'),
    ',"options":', coalesce(v.options::text, 'null'), ',"created_at":"',
    to_char(v.created_at AT TIME ZONE ${zone}::text, 'YYYY-MM-DD HH24:MI:SS'), '","visit_id":"', v.visit_id, '"',
    coalesce(r.recipient, '${noRecipient}'), '}') AS json`,
    joins: `
  CROSS JOIN LATERAL (SELECT
      concat(${members('ua', clientKeys)}) AS client,
      concat(${members('ua', ['browser_engine'])}) AS engine,
      concat(${members('ua', machineKeys)}, ',"touch_enabled":"', CASE WHEN ua.touch_enabled THEN 1 ELSE 0 END, '"') AS machine
    FROM user_agents ua WHERE ua.user_id = v.user_id AND ua.id = v.user_agent_id OFFSET 0) a
  LEFT JOIN LATERAL (SELECT concat(${members('pl', placeKeys)}) AS place
    FROM places pl WHERE pl.user_id = v.user_id AND pl.id = v.place_id OFFSET 0) p ON true
  LEFT JOIN LATERAL (SELECT concat(
      ',"token":', to_json(re.token), ',"message_id":', to_json(coalesce(re.message_id, re.token)), ',"mobile":',
      ${orNull(`CASE WHEN ${pii}::bool THEN re.mobile ELSE left(re.mobile, -3) || '***' END`)}) AS recipient
    FROM recipients re WHERE re.user_id = v.user_id AND re.link_id = v.link_id AND re.id = v.recipient_id OFFSET 0) r ON true`,
  }
}

const orNull = (source: string) => `coalesce(to_json(${source})::text, 'null')`
const orEmpty = (source: string) => `to_json(coalesce(${source}, ''))`

/** Arguments of concat() that give `,"key":"value"` of each of these columns. */
const members = (table: string, keys: string[]) =>
  keys.map((key) => `',"${key}":', ${orEmpty(`${table}.${key}`)}`).join(', ')

const noPlace = placeKeys.map((key) => `,"${key}":""`).join('')
const noRecipient = ',"token":null,"message_id":null,"mobile":null'
