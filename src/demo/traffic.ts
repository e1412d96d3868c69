import { storedAgent } from '../capture/agent.js'
import { botReason, verdict } from '../capture/policy.js'
import { describeUserAgent } from '../capture/user-agent.js'
import type { NewVisit, Place } from '../visits/visit.js'
import { type DemoAgent, machines, people } from './agents.js'
import { addressIn, dataCentres, type Network, networks } from './networks.js'
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

interface Moment {
  time: number
  link: TrafficLink
  recipientId: number | null
  visitor: Visitor
}

interface Visitor extends DemoAgent {
  isMachine: boolean
  network: Network
  clientIp: string
}

/** Believable openings in order of time: waves after each sending, more each week, in the rhythm of days and weeks, one in six by a machine. */
export function* traffic(options: TrafficOptions): Generator<NewVisit> {
  const known = new Map<string, Visitor>()
  const moments = Array.from({ length: options.visits }, () => moment(options, known)).sort((a, b) => a.time - b.time)
  for (const one of moments) yield visit(options, one)
}

function moment({ random, links, days, end }: TrafficOptions, known: Map<string, Visitor>): Moment {
  const link = random.weighted(links)
  const recipientId = link.recipients === 0 ? null : recipientOf(random, link.recipients)
  const visitor = random.next() < 1 / 6 ? newVisitor(random, true) : person(random, link, recipientId, known)
  for (;;) {
    const day = Math.floor(end.getTime() / dayMs - Math.min(daysAgo(random, link, days), days - 1))
    const isWeekend = [0, 6].includes(new Date(day * dayMs).getUTCDay())
    // People read less of what senders write at weekends; machines do not know them.
    if (isWeekend && !visitor.isMachine && random.next() < 0.45) continue
    const hour = visitor.isMachine ? random.next() * 24 : hourOfDay(random) - visitor.network.utcHours
    const time = day * dayMs + hour * 3_600_000
    // Later today is not yet: that was yesterday, then.
    return { link, recipientId, visitor, time: Math.floor(time < end.getTime() ? time : time - dayMs) }
  }
}

/** A recipient has one phone; of the others some come again. */
function person(
  random: SeededRandom,
  link: TrafficLink,
  recipientId: number | null,
  known: Map<string, Visitor>,
): Visitor {
  const key = `${link.id} ${recipientId ?? random.below(600)}`
  const visitor = known.get(key) ?? newVisitor(random, false)
  known.set(key, visitor)
  return visitor
}

function newVisitor(random: SeededRandom, isMachine: boolean): Visitor {
  const network = random.weighted(isMachine ? dataCentres : networks)
  const agent = random.weighted(isMachine ? machines : people).make(random)
  return { ...agent, isMachine, network, clientIp: addressIn(network, random.below(2 ** network.hostBits)) }
}

/** After a sending most open within hours, and the tail is long; what else comes grows from nothing to twice its mean. */
function daysAgo(random: SeededRandom, { sentDaysAgo }: TrafficLink, days: number): number {
  const sent = sentDaysAgo.length > 0 && random.next() < 0.75 ? random.pick(sentDaysAgo) : null
  if (sent === null) return days * (1 - Math.sqrt(random.next()))
  return Math.max(sent - random.next() ** 4 * 12, random.next() * 0.02)
}

/** By the clocks of the person: few at night, most around noon and in the evening. */
function hourOfDay(random: SeededRandom): number {
  for (;;) {
    const hour = random.next() * 24
    const busy = 0.04 + 0.5 * Math.exp(-(((hour - 12) / 3.4) ** 2)) + 0.46 * Math.exp(-(((hour - 19.5) / 2.2) ** 2))
    if (random.next() < busy) return hour
  }
}

function visit({ random, host, locate }: TrafficOptions, { time, link, recipientId, visitor }: Moment): NewVisit {
  const createdAt = new Date(time)
  const { userAgent, headers, clientIp, isMachine, network } = visitor
  const isProgram = describeUserAgent(userAgent, headers).is_bot
  const suspect = {
    ...{ method: 'GET', headers: { 'user-agent': userAgent }, isProgram, openedAt: createdAt, sentAt: null },
    isFromScanners: false,
  }
  return {
    id: random.uuid(createdAt),
    visitId: null,
    linkId: link.id,
    createdAt,
    recipientId,
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

/** Two thirds ever open, some of them again and again; they stand all over the list. */
function recipientOf(random: SeededRandom, recipients: number): number {
  const place = Math.floor(random.next() ** 1.5 * recipients * 0.66)
  return 1 + ((place * 617) % recipients)
}
