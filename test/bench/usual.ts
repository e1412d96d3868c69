/** The usual way to page: Prisma's findMany with skip and take, a count, and a mapping. On the same rows as ours. */
import Fastify from 'fastify'
import { openDatabase } from '../../src/database/open.js'
import { formatTime } from '../../src/http/time.js'

const db = openDatabase({ url: process.env.DATABASE_URL ?? '', connections: 8 })
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

function visitsOf(where: { userId: number; linkId: number }, skip: number) {
  const include = { userAgent: true, place: true, recipient: true } as const
  return db.prisma.visit.findMany({ where, include, orderBy: { seq: 'desc' }, skip, take: perPage })
}

function resource({ userAgent: agent, place, recipient, ...visit }: Awaited<ReturnType<typeof visitsOf>>[number]) {
  return {
    id: visit.id,
    user_id: String(visit.userId),
    link_id: String(visit.linkId),
    client_ip: visit.clientIp ?? '',
    scheme: visit.scheme,
    host: visit.host,
    query_string: visit.queryString ?? '',
    user_agent: agent.userAgent ?? '',
    browser: agent.browser ?? '',
    browser_version: agent.browserVersion ?? '',
    browser_lang: visit.browserLang ?? '',
    browser_engine: agent.browserEngine ?? '',
    resolution: visit.resolution,
    platform: agent.platform ?? '',
    platform_version: agent.platformVersion ?? '',
    platform_name: agent.platformName ?? '',
    device_type: agent.deviceType ?? '',
    device_brand: agent.deviceBrand ?? '',
    device_model: agent.deviceModel ?? '',
    touch_enabled: agent.touchEnabled ? '1' : '0',
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
    visit_id: visit.visitId,
    token: recipient?.token ?? null,
    message_id: recipient?.messageId ?? recipient?.token ?? null,
    mobile: recipient?.mobile == null ? null : `${recipient.mobile.slice(0, -3)}***`,
  }
}
