/** The usual way to page: Prisma's findMany with skip and take, a count, and a mapping. On the same rows as ours. */
import Fastify from 'fastify'
import { openDatabase } from '../../src/database/open.js'
import { formatTime } from '../../src/http/time.js'
import { visitIdOf } from '../../src/visits/visit-id.js'

// As many connections as 16 requests ask for at once: none is refused for having waited too long.
const db = openDatabase({ url: process.env.DATABASE_URL ?? '', connections: 32 })
const userId = Number(process.env.OWNER_ID)
const perPage = 15

interface PageOf {
  Params: { id: string }
  Querystring: { page?: string }
}

const app = Fastify()
app.get('/health', async () => '')
app.get<PageOf>('/link/urls/:id/visits', async ({ params, query }) => {
  const page = Number(query.page ?? 1)
  const where = { userId, linkId: Number(params.id) }
  const [total, visits] = await Promise.all([db.prisma.visit.count({ where }), visitsOf(where, (page - 1) * perPage)])
  const last = Math.ceil(total / perPage)
  const data = visits.map(resource)
  return { status: 'OK', code: 200, message: 'Visits', data, meta: { current_page: page, last_page: last, total } }
})
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) })
process.on('SIGTERM', () => app.close().then(() => db.close()))

/** What an include does: a query for the visits, and one more for each thing they refer to. */
async function visitsOf(where: { userId: number; linkId: number }, skip: number) {
  const visits = await db.prisma.visit.findMany({ where, orderBy: { seq: 'desc' }, skip, take: perPage })
  const ids = <T>(all: (T | null)[]) => [...new Set(all.filter((id): id is T & bigint => id !== null))]
  const [agents, places, recipients] = await Promise.all([
    db.prisma.userAgent.findMany({ where: { userId, id: { in: ids(visits.map((visit) => visit.userAgentId)) } } }),
    db.prisma.place.findMany({ where: { userId, id: { in: ids(visits.map((visit) => visit.placeId)) } } }),
    db.prisma.recipient.findMany({ where: { ...where, id: { in: ids(visits.map((visit) => visit.recipientId)) } } }),
  ])
  const agentsById = new Map(agents.map((agent) => [agent.id, agent]))
  const placesById = new Map(places.map((place) => [place.id, place]))
  const recipientsById = new Map(recipients.map((recipient) => [recipient.id, recipient]))
  return visits.map((visit) => ({
    ...visit,
    agent: agentsById.get(visit.userAgentId),
    place: placesById.get(visit.placeId ?? 0n),
    recipient: recipientsById.get(visit.recipientId ?? 0n),
  }))
}

function resource({ agent, place, recipient, ...visit }: Awaited<ReturnType<typeof visitsOf>>[number]) {
  return {
    id: visit.id,
    user_id: String(visit.userId),
    link_id: String(visit.linkId),
    client_ip: visit.clientIp ?? '',
    scheme: visit.scheme,
    host: visit.host,
    query_string: visit.queryString ?? '',
    user_agent: agent?.userAgent ?? '',
    browser: agent?.browser ?? '',
    browser_version: agent?.browserVersion ?? '',
    browser_lang: visit.browserLang ?? '',
    browser_engine: agent?.browserEngine ?? '',
    resolution: visit.resolution,
    platform: agent?.platform ?? '',
    platform_version: agent?.platformVersion ?? '',
    platform_name: agent?.platformName ?? '',
    device_type: agent?.deviceType ?? '',
    device_brand: agent?.deviceBrand ?? '',
    device_model: agent?.deviceModel ?? '',
    touch_enabled: agent?.touchEnabled ? '1' : '0',
    latitude: place?.latitude ?? '',
    longitude: place?.longitude ?? '',
    country: place?.country ?? '',
    country_code: place?.countryCode ?? '',
    region: place?.region ?? '',
    city: place?.city ?? '',
    zipcode: place?.zipcode ?? '',
    timezone: place?.timezone ?? '',
    options: visit.options,
    created_at: formatTime(visit.createdAt, 'UTC'),
    visit_id: visit.visitId ?? visitIdOf(visit.id),
    token: recipient?.token ?? null,
    message_id: recipient?.messageId ?? recipient?.token ?? null,
    mobile: recipient?.mobile == null ? null : `${recipient.mobile.slice(0, -3)}***`,
  }
}
