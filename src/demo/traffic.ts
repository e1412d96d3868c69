import { storedAgent } from '../capture/agent.js'
import { botReason, verdict } from '../capture/policy.js'
import { describeUserAgent } from '../capture/user-agent.js'
import type { NewVisit, Place } from '../visits/visit.js'
import { machines, people } from './agents.js'
import { addressIn, dataCentres, networks } from './networks.js'
import type { SeededRandom } from './random.js'

export interface TrafficLink {
  id: number
  /** Of all visits, by weight. */
  weight: number
  /** Recipients are numbered from 1; 0 for an untracked link. */
  recipients: number
  /** Days before the end at which it was sent: openings follow in a wave. */
  sentDaysAgo: number[]
  queryStrings: (string | null)[]
}

export interface TrafficOptions {
  random: SeededRandom
  links: TrafficLink[]
  visits: number
  days: number
  end: Date
  host: string
  locate: (address: string) => Place | null
}

const dayMs = 86_400_000

/** Believable openings in order of time: waves after each sending, a daily rhythm, one in six by a machine. */
export function* traffic(options: TrafficOptions): Generator<NewVisit> {
  const moments = Array.from({ length: options.visits }, () => moment(options)).sort((a, b) => a.time - b.time)
  for (const { time, link } of moments) yield visit(options, link, new Date(time))
}

function moment({ random, links, days, end }: TrafficOptions): { time: number; link: TrafficLink } {
  const link = random.weighted(links)
  const sent = link.sentDaysAgo.length > 0 && random.next() < 0.75 ? random.pick(link.sentDaysAgo) : null
  // Most open within hours; the tail is long.
  const daysAgo = sent === null ? random.next() * days : Math.max(sent - random.next() ** 4 * 12, random.next() * 0.02)
  const day = Math.floor(end.getTime() / dayMs - Math.min(daysAgo, days - 1))
  const time = day * dayMs + hourOfDay(random) * 3_600_000
  return { link, time: Math.min(Math.floor(time), end.getTime() - 1) }
}

/** Few at night, most around noon and in the evening. */
function hourOfDay(random: SeededRandom): number {
  for (;;) {
    const hour = random.next() * 24
    const busy = 0.08 + 0.5 * Math.exp(-(((hour - 12) / 4) ** 2)) + 0.42 * Math.exp(-(((hour - 19.5) / 2.2) ** 2))
    if (random.next() < busy) return hour
  }
}

function visit({ random, host, locate }: TrafficOptions, link: TrafficLink, createdAt: Date): NewVisit {
  const isMachine = random.next() < 1 / 6
  const { userAgent, headers } = random.weighted(isMachine ? machines : people).make(random)
  const network = random.weighted(isMachine ? dataCentres : networks)
  const isProgram = describeUserAgent(userAgent, headers).is_bot
  const suspect = { method: 'GET', headers: { 'user-agent': userAgent }, isProgram, openedAt: createdAt, sentAt: null }
  const clientIp = addressIn(network, random.below(2 ** network.hostBits))
  return {
    id: random.uuid(createdAt),
    visitId: random.uuid(createdAt),
    linkId: link.id,
    createdAt,
    // Some people open again and again.
    recipientId: link.recipients === 0 ? null : 1 + Math.floor(random.next() ** 1.5 * link.recipients),
    clientIp,
    scheme: 'https',
    host,
    queryString: random.pick(link.queryStrings),
    browserLang: isMachine ? null : network.language,
    resolution: null,
    userAgent: storedAgent(userAgent, headers),
    place: locate(clientIp),
    ...verdict(botReason(suspect)),
  }
}
