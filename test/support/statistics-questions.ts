/** What statistics can be asked, at random, and how it is asked. */
import fc from 'fast-check'
import type { TestApp } from './app.js'
import type { ModelQuery } from './statistics-model.js'

export const hourMs = 3_600_000

const fields = [
  ...['browser', 'platform', 'device_type', 'device_brand', 'country_code', 'region', 'city', 'browser_lang', 'host'],
  ...['weekday', 'hour', 'link'],
]

/** Moments within a quarter of an hour, few enough that visits come exactly where a range begins or ends. */
export const sharedMoment = fc.constantFrom(-hourMs + 1, -1, 1, 450_000, 450_001, 899_999)

const edge = fc.option(
  fc.oneof(
    sharedMoment,
    fc.integer({ min: -70 * hourMs, max: 70 * hourMs }),
    fc.integer({ min: -280, max: 280 }).map((quarters) => (quarters * hourMs) / 4),
  ),
)

const filters = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  {
    weight: 2,
    arbitrary: fc.record(
      {
        browser: fc.constantFrom('Chrome', '-Chrome', 'Safari,Chrome', 'Opera'),
        device_type: fc.constantFrom('desktop', '-smartphone', 'desktop,-smartphone'),
        country_code: fc.constantFrom('IN', '-DE', 'IN,DE'),
        city: fc.constantFrom('Berlin', '-Berlin', 'Gurugram,Bengaluru'),
        region: fc.constantFrom('Berlin', '-Berlin'),
        browser_lang: fc.constantFrom('en', '-en', 'en,de'),
        host: fc.constantFrom('go.example.com', '-go.example.com'),
        suspect: fc.constantFrom('network', '-network', 'network,-network'),
      },
      { requiredKeys: [] },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record(
      {
        client_ip: fc.constantFrom('10.0.0.1', '-10.0.0.1', '10.0.0.2,2001:db8::1'),
        token: fc.constantFrom('1', '-2', '1,-2'),
        browser: fc.constantFrom('Chrome', '-Chrome'),
      },
      { requiredKeys: [] },
    ),
  },
) as fc.Arbitrary<Record<string, string>>

/** Tokens in filters are numbers of recipients; ends are milliseconds from some moment. */
export const question = (links: readonly number[]) =>
  fc.record({
    filter: filters,
    from: edge,
    to: edge,
    bots: fc.constantFrom('include', 'include', 'exclude', 'only'),
    interval: fc.option(fc.constantFrom('hour', 'day', 'week', 'month')),
    groupBy: fc.uniqueArray(fc.constantFrom(...fields), { maxLength: 2 }),
    top: fc.constantFrom(1, 2, 10, 100),
    link: fc.option(fc.constantFrom(...links)),
  })

export type RandomQuestion = ReturnType<typeof question> extends fc.Arbitrary<infer T> ? T : never

/** @param tokenOf a recipient of the link, or of the first where all are asked about */
export function queryOf(
  { link, from, to, groupBy, filter, ...rest }: RandomQuestion,
  timezone: string,
  moment: number,
  tokenOf: (recipient: number) => string,
): ModelQuery {
  const at = (offset: number | null) => (offset === null ? null : new Date(moment + offset))
  const token = filter.token?.replace(/\d/g, (recipient) => tokenOf(Number(recipient)))
  return {
    ...rest,
    timezone,
    filter: token === undefined ? filter : { ...filter, token },
    from: at(from),
    to: at(to),
    groupBy: link === null ? groupBy : groupBy.filter((field) => field !== 'link'),
  }
}

/** @param link null: all */
export async function ask({ app, as }: TestApp, ownerId: number, link: number | null, query: ModelQuery) {
  const parameters = new URLSearchParams({ bots: query.bots, timezone: query.timezone, top: String(query.top) })
  for (const [name, value] of Object.entries(query.filter)) parameters.set(`filter[${name}]`, value)
  if (query.from !== null) parameters.set('from', query.from.toISOString())
  if (query.to !== null) parameters.set('to', query.to.toISOString())
  if (query.interval !== null) parameters.set('interval', query.interval)
  if (query.groupBy.length > 0) parameters.set('group_by', query.groupBy.join())
  const path = link === null ? '/link/visits/stats' : `/link/urls/${link}/visits/stats`
  const answer = await app.inject({ url: `${path}?${parameters}`, headers: as(ownerId) })
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return answer.json().data
}
