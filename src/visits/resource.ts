/**
 * A visit as the wire shows it: 34 keys in the contract's order (docs/api-contract.md section 2).
 *
 * Numbers travel as strings, an unknown text is "", and null stays only where the documented answer has it. Rows come as
 * PostgreSQL's own texts and become JSON by joining strings: half the keys belong to a user agent or a place, whose part
 * of the text is ready (fragments.ts). docs/decisions/2026-11-23-json-of-visits.md has the ways that were measured.
 */
import { formatTime } from '../http/time.js'
import { maskedMobile } from '../recipients/masked.js'
import { type Fragments, noPlace, type OwnerFragments } from './fragments.js'
import { visitIdOf } from './visit-id.js'

export interface VisitView {
  /** Whole mobile numbers (scope visits:pii); otherwise the last three digits are `***`. */
  pii: boolean
  /** IANA zone of `created_at`. */
  zone: string
}

/** What `visitColumns` selects, as text, and after it the position or whatever else a statement selects besides. */
export type VisitRow = [
  id: string,
  linkId: string,
  clientIp: string | null,
  scheme: string | null,
  host: string | null,
  queryString: string | null,
  userAgentId: string,
  browserLang: string | null,
  resolution: string | null,
  placeId: string | null,
  options: string | null,
  createdAt: string,
  visitId: string | null,
  token: string | null,
  messageId: string | null,
  mobile: string | null,
  ...others: string[],
]

/** SELECT list of `visits v` and `recipients r`, joined by `recipientOf`. The owner is the one that was asked for. */
export const visitColumns = `
  v.id, v.link_id, v.client_ip, v.scheme, v.host, v.query_string, v.user_agent_id, v.browser_lang, v.resolution, v.place_id,
  v.options, v.created_at, v.visit_id, r.token, r.message_id, r.mobile`

/** The first of the columns that a statement selects after these. */
export const othersFrom = 16

/** Looked up by its key for each visit: OFFSET 0 keeps the planner from hashing whole tables for one page. */
export const recipientOf = `LEFT JOIN LATERAL (
  SELECT token, message_id, mobile FROM recipients
  WHERE user_id = v.user_id AND link_id = v.link_id AND id = v.recipient_id OFFSET 0
) r ON true`

/** Visits of an owner as JSON, in their order. */
export async function renderVisits(
  rows: VisitRow[],
  ownerId: number,
  fragments: Fragments,
  view: VisitView,
): Promise<string[]> {
  const parts = await fragments.of(
    ownerId,
    rows.map((row) => row[6]),
    rows.map((row) => row[9]),
  )
  return rows.map((row) => renderVisit(row, ownerId, parts, view))
}

function renderVisit(row: VisitRow, ownerId: number, { agents, places }: OwnerFragments, view: VisitView): string {
  const [id, linkId, clientIp, scheme, host, queryString, agentId, browserLang, resolution, placeId] = row
  const [options, createdAt, visitId, token, messageId, mobile] = row.slice(10)
  const { pii, zone } = view
  const agent = agents.get(agentId)
  const place = placeId === null ? noPlace : places.get(placeId)
  if (agent === undefined || place === undefined) throw new Error(`visit ${id} refers to nothing`)
  const recipient =
    token == null
      ? ',"token":null,"message_id":null,"mobile":null}'
      : `,"token":"${token}","message_id":${text(messageId ?? token)},"mobile":${text(shown(mobile, pii))}}`
  return (
    `{"id":"${id}","user_id":"${ownerId}","link_id":"${linkId}","client_ip":"${clientIp ?? ''}"` +
    `,"scheme":${text(scheme)},"host":${text(host)},"query_string":${text(queryString ?? '')}${agent.client}` +
    `,"browser_lang":${text(browserLang ?? '')}${agent.engine},"resolution":${text(resolution)}${agent.machine}` +
    `${place},"options":${options ?? null},"created_at":"${shownTime(createdAt, zone)}"` +
    `,"visit_id":"${visitId ?? visitIdOf(id ?? '')}"${recipient}`
  )
}

/** Text without anything that JSON escapes. */
const plain = /^[ !#-[\]-~]*$/

const text = (value: string | null | undefined) =>
  value == null ? 'null' : plain.test(value) ? `"${value}"` : JSON.stringify(value)

/** Without visits:pii the last three digits are hidden. */
function shown(mobile: string | null | undefined, pii: boolean): string | null | undefined {
  return pii || mobile == null ? mobile : maskedMobile(mobile)
}

/** PostgreSQL's text of a timestamptz, whose zone is UTC on all our connections. */
function shownTime(time: string | null | undefined, zone: string): string {
  if (time == null) return ''
  return zone === 'UTC' ? time.slice(0, 19) : formatTime(instantOf(time), zone)
}

export function instantOf(time: string): Date {
  return new Date(`${time.slice(0, 10)}T${time.slice(11).replace(/\+00$/, 'Z')}`)
}
