import type { Database } from '../database/open.js'
import { machines, people } from './agents.js'
import { demoOwner } from './data.js'
import { addressIn, dataCentres, networks } from './networks.js'
import type { SeededRandom } from './random.js'

/** A link of the demo as visitors know it. */
export interface OpenLink {
  weight: number
  /** Its own code, or one for each recipient. */
  tokens: string[]
}

/** What visitors of the demo may open: the links that are active, as often as they were opened so far. */
export async function openLinks(db: Database): Promise<OpenLink[]> {
  const where = { userId: demoOwner, status: 1, deletedAt: null, visits: { gt: 0 } }
  const links = await db.prisma.link.findMany({ where })
  const recipients = await db.prisma.recipient.findMany({
    where: { userId: demoOwner },
    select: { linkId: true, token: true },
  })
  return links.flatMap(({ id, token, visits, isAdvanced }) => {
    const own = token === null ? [] : [token]
    const tokens = isAdvanced ? recipients.filter(({ linkId }) => linkId === id).flatMap((one) => one.token ?? []) : own
    return tokens.length === 0 ? [] : [{ weight: Number(visits), tokens }]
  })
}

export interface TrickleOptions {
  /** Of the running server, which must trust X-Forwarded-For of this machine. */
  address: string
  links: OpenLink[]
  random: SeededRandom
}

/** Opens a short link as somebody somewhere would. @returns the HTTP status of the redirect */
export async function openOnce({ address, links, random }: TrickleOptions): Promise<number> {
  const isMachine = random.next() < 1 / 8
  const network = random.weighted(isMachine ? dataCentres : networks)
  const { userAgent, headers } = random.weighted(isMachine ? machines : people).make(random)
  const token = random.pick(random.weighted(links).tokens)
  const response = await fetch(`${address}/${token}`, {
    redirect: 'manual',
    headers: {
      ...headers,
      'user-agent': userAgent,
      ...(!isMachine && { 'accept-language': network.language }),
      'x-forwarded-for': addressIn(network, random.below(2 ** network.hostBits)),
      'x-forwarded-proto': 'https',
    },
  })
  await response.arrayBuffer()
  return response.status
}

/**
 * Goes on opening links, at random moments: often at first, and ever less often, so that a demo that runs for a day is no picture of
 * that day alone.
 *
 * @param meanMs between two openings, at first
 * @returns stops, and says how many were opened, once the last has been answered
 */
export function startTrickle(options: TrickleOptions, meanMs: number): () => Promise<number> {
  let opened = 0
  let isOver = false
  let wake = () => {}
  const running = (async () => {
    while (!isOver) {
      // As independent people come: the time between two is exponential.
      const waitMs = Math.min(-Math.log(1 - options.random.next()), 6) * meanMs * (1 + opened / 400)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      if (isOver) break
      // A server that is busy, or about to stop, loses a visitor of the demo.
      await openOnce(options).then(
        () => opened++,
        () => {},
      )
    }
  })()
  return async () => {
    isOver = true
    wake()
    await running
    return opened
  }
}
