import type { NewVisit } from '../../src/visits/visit.js'
import { places } from './places.js'
import { type Random, seededRandom, skewedPick } from './random.js'
import { agents } from './user-agents.js'

const seed = 20_260_801
const firstClick = Date.UTC(2026, 5, 1, 8)
const millisecondsBetweenClicks = 700

const languages = ['en', 'en-US', 'fa-IR', 'fa', 'de-DE', 'tr-TR', 'fr-FR', 'es-ES', 'pt-BR', 'hi-IN', 'ar', 'pl-PL']
const resolutions = ['412x915', '390x844', '360x800', '393x873', '1920x1080', '1440x900', '1366x768']
const queries = [
  'utm_source=sms&utm_campaign=june',
  'utm_source=sms',
  'ref=qr',
  'utm_source=mail&utm_medium=newsletter&c=42',
]

/** How many recipients a link with so many visits was sent to. */
export const recipientsOf = (rows: number): number => Math.max(1, Math.floor(rows / 3))

/**
 * The n-th visit of the link, the same one in every run: a filled database can be grown, and two layouts can be filled
 * with the same rows.
 */
export function visitAt(n: number, linkId: number, recipients: number): NewVisit {
  const random = seededRandom(seed + n)
  const agent = skewedPick(random, agents)
  const place = random() < 0.04 ? null : skewedPick(random, places)
  const createdAt = new Date(firstClick + n * millisecondsBetweenClicks + Math.floor(random() * 600))
  return {
    id: uuid(random, createdAt.getTime()),
    visitId: uuid(random, null),
    linkId,
    createdAt,
    recipientId: random() < 0.9 ? 1 + Math.floor(random() * recipients) : null,
    clientIp: address(random),
    scheme: 'https',
    host: 'go.example.com',
    queryString: random() < 0.3 ? skewedPick(random, queries) : null,
    browserLang: agent.isBot ? null : skewedPick(random, languages),
    resolution: random() < 0.2 ? skewedPick(random, resolutions) : null,
    userAgent: agent.stored,
    place,
    isBot: agent.isBot,
    options: null,
  }
}

/** Version 7 with a time, version 4 without. */
function uuid(random: Random, time: number | null): string {
  const digits = (count: number) =>
    Math.floor(random() * 16 ** count)
      .toString(16)
      .padStart(count, '0')
  const head = time === null ? digits(6) + digits(6) : time.toString(16).padStart(12, '0')
  const [version, tail] = [time === null ? '4' : '7', digits(6) + digits(6)]
  return `${head.slice(0, 8)}-${head.slice(8)}-${version}${digits(3)}-a${digits(3)}-${tail}`
}

function address(random: Random): string {
  const byte = () => Math.floor(random() * 254) + 1
  if (random() < 0.85) return `${11 + (byte() % 80)}.${byte()}.${byte()}.${byte()}`
  return `2a02:${byte().toString(16)}:${byte().toString(16)}::${byte().toString(16)}`
}
