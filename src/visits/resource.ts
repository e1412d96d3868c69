/**
 * A visit as the wire shows it: 34 keys in the contract's order (contract.md section 2).
 *
 * Numbers travel as strings, an unknown text is "", and null stays only where the documented answer has it. Rows come as
 * PostgreSQL's own texts and become JSON by joining strings: half the keys belong to a user agent or a place, whose part
 * of the text is ready (fragments.ts). docs/decisions/2026-11-23-json-of-visits.md has the ways that were measured.
 */
import { formatTime } from '../http/time.js'
import type { Fragments } from './fragments.js'

export interface VisitView {
  /** Whole mobile numbers (scope visits:pii); otherwise the last three digits are `***`. */
  pii: boolean
  /** IANA zone of `created_at`. */
  zone: string
}

/** Columns of a row in their order, as text: the position that was asked for, then what `renderVisit` reads. */
export type VisitRow = [position: string, recordedAt: string, ...(string | null)[]]

/** SELECT list of `visits v` and `recipients r`, joined by `recipientOf`. */
export function visitColumns(position: string): string {
  return `v.${position}, v.recorded_at, v.user_id, v.id, v.link_id, v.client_ip, v.scheme, v.host, v.query_string,
    v.user_agent_id, v.browser_lang, v.resolution, v.place_id, v.options, v.created_at, v.visit_id,
    r.token, r.message_id, r.mobile`
}

/** Looked up by its key for each visit: OFFSET 0 keeps the planner from hashing whole tables for one page. */
export const recipientOf = `LEFT JOIN LATERAL (
  SELECT token, message_id, mobile FROM recipients
  WHERE user_id = v.user_id AND link_id = v.link_id AND id = v.recipient_id OFFSET 0
) r ON true`

/** The rows as JSON, in their order. */
export async function renderVisits(rows: VisitRow[], fragments: Fragments, view: VisitView): Promise<string[]> {
  const owner = rows[0]?.[2]
  if (typeof owner !== 'string') return []
  await fragments.prepare(
    owner,
    rows.map((row) => row[9]),
    rows.map((row) => row[12]),
  )
  return rows.map((row) => renderVisit(row, fragments, view))
}

function renderVisit(row: VisitRow, fragments: Fragments, { pii, zone }: VisitView): string {
  const [, , owner, id, linkId, clientIp, scheme, host, queryString, agentId, browserLang, resolution, ...rest] = row
  const [placeId, options, createdAt, visitId, token, messageId, mobile] = rest
  const { client, engine, machine } = fragments.agent(owner, agentId)
  const recipient =
    token == null
      ? ',"token":null,"message_id":null,"mobile":null}'
      : `,"token":"${token}","message_id":${JSON.stringify(messageId ?? token)},"mobile":${text(shown(mobile, pii))}}`
  return (
    `{"id":"${id}","user_id":"${owner}","link_id":"${linkId}","client_ip":"${clientIp ?? ''}"` +
    `,"scheme":${text(scheme)},"host":${text(host)},"query_string":${text(queryString ?? '')}${client}` +
    `,"browser_lang":${text(browserLang ?? '')}${engine},"resolution":${text(resolution)}${machine}` +
    `${fragments.place(owner, placeId)},"options":${options ?? null},"created_at":"${shownTime(createdAt, zone)}"` +
    `,"visit_id":"${visitId}"${recipient}`
  )
}

const text = (value: string | null | undefined) => (value == null ? 'null' : JSON.stringify(value))

/** Without visits:pii the last three digits are hidden. */
function shown(mobile: string | null | undefined, pii: boolean): string | null | undefined {
  return pii || mobile == null ? mobile : `${mobile.slice(0, -3)}***`
}

/** PostgreSQL's text of a timestamptz, whose zone is UTC on all our connections. */
function shownTime(time: string | null | undefined, zone: string): string {
  if (time == null) return ''
  return zone === 'UTC' ? time.slice(0, 19) : formatTime(instantOf(time), zone)
}

export function instantOf(time: string): Date {
  return new Date(`${time.slice(0, 10)}T${time.slice(11).replace(/\+00$/, 'Z')}`)
}
