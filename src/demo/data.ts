import { openLocator } from '../capture/location.js'
import type { Database } from '../database/open.js'
import { appendVisits } from '../visits/append.js'
import type { NewVisit } from '../visits/visit.js'
import { SeededRandom } from './random.js'
import { type TrafficLink, traffic } from './traffic.js'

/** The owner of the documented sample (docs/api-contract.md section 2). */
export const demoOwner = 26

/** The link that the demo's curl line shows. */
export const demoLink = 21

const days = 90
const visits = 6000

type DemoLink = TrafficLink & { title: string; longUrl: string; tags: string[] }

const links: DemoLink[] = [
  {
    id: 20,
    title: 'Order confirmation by SMS',
    longUrl: 'https://shop.example.com/orders?m={mobile}',
    tags: ['orders', 'sms'],
    weight: 14,
    recipients: 240,
    sentDaysAgo: [],
    queryStrings: [null],
  },
  {
    id: 21,
    title: 'Autumn sale by WhatsApp',
    longUrl: 'https://shop.example.com/sale?from={device_type}',
    tags: ['sale', 'whatsapp'],
    weight: 40,
    recipients: 900,
    sentDaysAgo: [62, 34, 6],
    queryStrings: [null, null, null, 'utm_source=whatsapp'],
  },
  {
    id: 22,
    title: 'Newsletter',
    longUrl: 'https://news.example.com/latest',
    tags: ['newsletter'],
    weight: 24,
    recipients: 0,
    sentDaysAgo: [83, 69, 55, 41, 27, 13],
    queryStrings: ['utm_source=newsletter&utm_medium=email', null],
  },
  {
    id: 23,
    title: 'Appointment reminder by SMS',
    longUrl: 'https://clinic.example.com/confirm?visit={id}',
    tags: ['clinic', 'sms'],
    weight: 14,
    recipients: 320,
    sentDaysAgo: [48, 20],
    queryStrings: [null],
  },
  {
    id: 24,
    title: 'Poster in the shop window',
    longUrl: 'https://shop.example.com/welcome',
    tags: ['print'],
    weight: 8,
    recipients: 0,
    sentDaysAgo: [],
    queryStrings: ['qr=1'],
  },
  {
    id: 25,
    title: 'Feedback after delivery',
    longUrl: 'https://shop.example.com/feedback?lang={browser_lang}',
    tags: ['orders', 'e-mail'],
    weight: 11,
    recipients: 460,
    sentDaysAgo: [55, 41, 27, 13, 2],
    queryStrings: ['utm_source=feedback&utm_medium=email'],
  },
  {
    id: 26,
    title: 'Opening hours on the profile page',
    longUrl: 'https://shop.example.com/hours',
    tags: ['social'],
    weight: 9,
    recipients: 0,
    sentDaysAgo: [],
    queryStrings: [null, 'utm_source=instagram'],
  },
  {
    id: 27,
    title: 'Winter preview for good customers',
    longUrl: 'https://shop.example.com/winter?m={mobile}',
    tags: ['sale', 'sms'],
    weight: 6,
    recipients: 380,
    sentDaysAgo: [1],
    queryStrings: [null],
  },
]

/**
 * Stores the demo's owner, links, recipients and visits, all from one seed, ending now.
 *
 * @returns how many visits were stored; 0 when the demo is there already
 */
export async function storeDemo(db: Database, host: string, end: Date): Promise<number> {
  if (await db.prisma.owner.findUnique({ where: { id: demoOwner } })) return 0
  const random = new SeededRandom(26)
  await storeLinks(db, random, new Date(end.getTime() - days * 86_400_000))
  const locator = await openLocator()
  try {
    const locate = (address: string) => locator.locate(address)
    let batch: NewVisit[] = []
    let stored = 0
    for (const visit of traffic({ random, links, visits, days, end, host, locate })) {
      batch.push(visit)
      if (batch.length < 1000) continue
      stored += (await appendVisits(db, demoOwner, batch)).stored
      batch = []
    }
    return stored + (await appendVisits(db, demoOwner, batch)).stored
  } finally {
    locator.close()
  }
}

const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789'

/** Numbers that regulators keep free for fiction: Ofcom 07700 900xxx, 555-01xx, ACMA 0491 570 xxx. */
const fictions = ['4477009', '1202555', '6149157']

async function storeLinks(db: Database, random: SeededRandom, createdAt: Date): Promise<void> {
  const owner = { id: demoOwner, name: 'Demo', lastLinkId: 27, createdAt }
  const rows = links.map(({ id, title, longUrl, tags, recipients }) => {
    const token = random.text(letters, 6)
    const isAdvanced = recipients > 0
    return {
      userId: demoOwner,
      id,
      title,
      longUrl,
      tags,
      token,
      isAdvanced,
      lastRecipient: recipients,
      createdAt,
      updatedAt: createdAt,
    }
  })
  const people = links.flatMap(({ id: linkId, recipients }) =>
    Array.from({ length: recipients }, (_, index) => {
      const mobile = random.pick(fictions) + random.text('0123456789', 5)
      const messageId = random.next() < 0.8 ? random.uuid(createdAt) : null
      return { userId: demoOwner, linkId, id: index + 1, token: random.text(letters, 7), messageId, mobile, createdAt }
    }),
  )
  const tokens = [
    ...rows.map(({ token, id }) => ({ token, userId: demoOwner, linkId: id, createdAt })),
    ...people.map(({ token, linkId }) => ({ token, userId: demoOwner, linkId, createdAt })),
  ]
  await db.prisma.$transaction([
    db.prisma.owner.create({ data: owner }),
    db.prisma.link.createMany({ data: rows }),
    db.prisma.token.createMany({ data: tokens }),
    db.prisma.recipient.createMany({ data: people }),
  ])
}
