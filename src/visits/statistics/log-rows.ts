import { hash } from 'node:crypto'
import type { PoolClient } from 'pg'
import { asTexts, statement } from '../../database/open.js'
import { instantOf } from '../resource.js'
import { isSuspected } from '../suspects.js'
import type { CountedVisit } from './chunk.js'
import { facetFields } from './dimensions.js'
import { LogNumbers } from './log-numbers.js'
import type { StatisticsSource } from './source.js'

/** Reads visits of a log as statistics see them. */
export class LogRows {
  readonly numbers: LogNumbers
  readonly #agents = new Map<string, number>()
  readonly #places = new Map<string, number>()

  constructor(numbers = new LogNumbers()) {
    this.numbers = numbers
  }

  /** Visits between two positions, in their order. */
  async read(client: PoolClient, source: StatisticsSource, low: number, high: number): Promise<CountedVisit[]> {
    const { ownerId, linkId } = source
    const query = linkId === null ? ofAccount([ownerId, low, high]) : ofLink([ownerId, linkId, low, high])
    const { rows } = await client.query<VisitRow>(asTexts(query))
    await this.#learn(client, ownerId, rows)
    return rows.map((row) => this.#visitOf(row))
  }

  #visitOf(row: VisitRow): CountedVisit {
    const [position, linkId, createdAt, humanSeq, recipientId, clientIp, agentId, placeId, language, host, suspect] =
      row
    const { facets, visitors, recipients } = this.numbers
    const link = facets.link.numberOf([Number(linkId)])
    return {
      position: Number(position),
      time: instantOf(createdAt).getTime(),
      isHuman: humanSeq !== null,
      isSuspect: humanSeq !== null && suspect !== null,
      facets: {
        link,
        agent: this.#agents.get(agentId) ?? facets.agent.numberOf(noAgent),
        place: (placeId === null ? undefined : this.#places.get(placeId)) ?? facets.place.numberOf(noPlace),
        language: facets.language.numberOf([language || null]),
        host: facets.host.numberOf([host || null]),
      },
      visitor: humanSeq === null ? 0 : visitors.numberOf(...visitorBits(clientIp, agentId)),
      recipient: recipientId === null || humanSeq === null ? 0 : recipients.numberOf(Number(recipientId) >>> 0, link),
    }
  }

  /** Looks up what the rows refer to. */
  async #learn(client: PoolClient, ownerId: number, rows: VisitRow[]): Promise<void> {
    const agents = unknown(
      this.#agents,
      rows.map((row) => row[6]),
    )
    const places = unknown(
      this.#places,
      rows.map((row) => row[7]),
    )
    const { agent, place } = this.numbers.facets
    if (agents.length > 0) {
      const found = await client.query<EntryRow>(asTexts(agentFields([ownerId, agents])))
      for (const [id, ...values] of found.rows) this.#agents.set(id, agent.numberOf(values.map(known)))
    }
    if (places.length > 0) {
      const found = await client.query<EntryRow>(asTexts(placeFields([ownerId, places])))
      for (const [id, ...values] of found.rows) this.#places.set(id, place.numberOf(values.map(known)))
    }
  }
}

type VisitRow = [
  position: string,
  linkId: string,
  createdAt: string,
  humanSeq: string | null,
  recipientId: string | null,
  clientIp: string | null,
  agentId: string,
  placeId: string | null,
  language: string | null,
  host: string | null,
  suspect: string | null,
]

type EntryRow = [id: string, ...(string | null)[]]

const known = (text: string | null) => text || null

const noAgent = facetFields.agent.map(() => null)
const noPlace = facetFields.place.map(() => null)

function unknown(numbers: Map<string, number>, ids: (string | null)[]): string[] {
  return [...new Set(ids.filter((id) => id !== null))].filter((id) => !numbers.has(id))
}

/** The first 64 bits of SHA-256 over address and user agent. */
function visitorBits(clientIp: string | null, agentId: string): [low: number, high: number] {
  const digest = hash('sha256', `${clientIp ?? ''} ${agentId}`, 'buffer')
  return [digest.readUInt32LE(0), digest.readUInt32LE(4)]
}

const visitColumns = (position: string) => `${position}, link_id, created_at, human_seq, recipient_id, client_ip,
  user_agent_id, place_id, browser_lang, host, CASE WHEN ${isSuspected} THEN 1 END AS suspect`

const ofLink = statement(`
SELECT ${visitColumns('seq')} FROM visits v
WHERE v.user_id = $1 AND v.link_id = $2 AND v.seq BETWEEN $3 AND $4 ORDER BY v.seq`)

const ofAccount = statement(`
SELECT ${visitColumns('account_seq')} FROM visits v
WHERE v.user_id = $1 AND v.account_seq BETWEEN $2 AND $3 ORDER BY v.account_seq`)

const agentFields = statement(
  `SELECT id, ${facetFields.agent.join(', ')} FROM user_agents WHERE user_id = $1 AND id = ANY ($2::int8[])`,
)

const placeFields = statement(
  `SELECT id, ${facetFields.place.join(', ')} FROM places WHERE user_id = $1 AND id = ANY ($2::int8[])`,
)
