import { storedAgent } from '../../src/capture/agent.js'
import { openLocator } from '../../src/capture/location.js'
import { machines, people } from '../../src/demo/agents.js'
import { addressIn, dataCentres, type Network, networks } from '../../src/demo/networks.js'
import { SeededRandom } from '../../src/demo/random.js'
import type { NewVisit, Place, UserAgent } from '../../src/visits/visit.js'

/** The n-th visit of a link, counted from 0: the same one in every run, so that a kept database can be grown. */
export type Traffic = (n: number) => NewVisit

interface Crowd {
  agents: UserAgent[]
  neighbourhoods: { prefix: string; place: Place | null; language: string }[]
}

const seed = 20_260_801
const firstClick = Date.UTC(2026, 5, 1, 8)
const millisecondsBetweenClicks = 700
const queryStrings = [null, null, 'utm_source=sms', 'utm_source=whatsapp&utm_campaign=summer']
const machineShare = 1 / 6

/** How many people a link with so many visits was sent to. */
export const recipientsOf = (rows: number): number => Math.max(1, Math.floor(rows / 3))

/** Visits with the demo's variety, drawn from a few hundred user agents and places, so that making them costs little. */
export async function openTraffic(linkId: number, recipients: number): Promise<Traffic> {
  const random = new SeededRandom(seed)
  const locator = await openLocator()
  const crowd = (kinds: typeof people, from: Network[]): Crowd => ({
    agents: Array.from({ length: 600 }, () => {
      const { userAgent, headers } = random.weighted(kinds).make(random)
      return storedAgent(userAgent, headers)
    }),
    neighbourhoods: Array.from({ length: 600 }, () => {
      const network = random.weighted(from)
      const address = addressIn(network, random.below(2 ** network.hostBits))
      const prefix = address.slice(0, address.lastIndexOf('.') + 1)
      return { prefix, place: locator.locate(address), language: network.language }
    }),
  })
  const humans = crowd(people, networks)
  const bots = crowd(machines, dataCentres)
  locator.close()
  return (n) => {
    const own = new SeededRandom(seed + Math.imul(n, 0x9e3779b1))
    const isBot = own.next() < machineShare
    return visit(own, isBot ? bots : humans, { n, linkId, recipients, isBot })
  }
}

interface Opening {
  n: number
  linkId: number
  recipients: number
  isBot: boolean
}

function visit(random: SeededRandom, crowd: Crowd, { n, linkId, recipients, isBot }: Opening): NewVisit {
  const createdAt = new Date(firstClick + n * millisecondsBetweenClicks + random.below(600))
  const { prefix, place, language } = random.pick(crowd.neighbourhoods)
  return {
    id: random.uuid(createdAt),
    visitId: null,
    linkId,
    createdAt,
    recipientId: 1 + Math.floor(random.next() ** 1.5 * recipients),
    clientIp: prefix + random.below(256),
    scheme: 'https',
    host: 'go.example.com',
    queryString: random.pick(queryStrings),
    browserLang: isBot ? null : language,
    resolution: null,
    userAgent: random.pick(crowd.agents),
    place,
    isBot,
    options: isBot ? { bot: true, bot_reason: 'user_agent' } : null,
  }
}
