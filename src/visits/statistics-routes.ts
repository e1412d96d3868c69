import type { FastifyReply, FastifyRequest } from 'fastify'
import type { CountryCode } from 'libphonenumber-js/max'
import { requireNumbers } from '../audit/numbers.js'
import { nothingShown } from '../audit/read.js'
import type { Reads } from '../audit/reads.js'
import type { Config } from '../config.js'
import { rawQuery } from '../http/address.js'
import { isUnchanged, notModified, tagged, unchanged } from '../http/conditional.js'
import { success } from '../http/envelope.js'
import { parseQueryString, queryObject } from '../http/query-string.js'
import { type Api, validated } from '../http/validate.js'
import { prepareYears } from '../http/zone-clock.js'
import { linkParams } from '../links/schema.js'
import { personalFilters, visitFilters } from './filters.js'
import { statisticsAnswer } from './statistics/answers.js'
import type { Digests } from './statistics/digests.js'
import { type StatisticsQuery, statisticsQuery } from './statistics/query.js'
import { readState, type SourceState, type StatisticsSource } from './statistics/source.js'
import { readStatistics } from './statistics/statistics.js'
import { FilteredTags } from './tags.js'

export interface StatisticsRoutesDeps {
  digests: Digests
  reads: Pick<Reads, 'note'>
  config: Pick<Config, 'outputZone' | 'defaultCountry'>
}

/** How many visits a link has, or all links of the account, by time and by what they have. */
export function statisticsRoutes(api: Api, deps: StatisticsRoutesDeps): void {
  const { outputZone, defaultCountry } = deps.config
  const tags = new FilteredTags()
  const description =
    'Exact at the moment of reading, under every filter. `weekday` and `hour`, and the buckets of the series, are those of `timezone`; so are times without a zone.'
  const common = { description, tags: ['Visits'], response: { 200: statisticsAnswer, 304: unchanged } }
  const access = { scope: 'visits:read' } as const

  const ofLink = statisticsQuery(outputZone, false, defaultCountry)
  api.get(
    '/link/urls/:id/visits/stats',
    {
      schema: {
        operationId: 'countVisits',
        summary: 'Count the visits of a link',
        params: linkParams,
        querystring: ofLink,
        ...common,
      },
      config: access,
    },
    async (request, reply) => {
      const source = { ownerId: request.caller.ownerId, linkId: request.params.id }
      return answerStatistics(
        deps,
        tags,
        source,
        inItsZone(request, request.query, false, defaultCountry),
        request,
        reply,
      )
    },
  )

  const schema = {
    operationId: 'countAllVisits',
    summary: 'Count the visits of all links',
    querystring: statisticsQuery(outputZone, true, defaultCountry),
    ...common,
  }
  api.get('/link/visits/stats', { schema, config: access }, async (request, reply) => {
    const source = { ownerId: request.caller.ownerId, linkId: null }
    return answerStatistics(deps, tags, source, inItsZone(request, request.query, true, defaultCountry), request, reply)
  })
}

/** The query with its times read in the zone that it names itself. */
function inItsZone(
  request: FastifyRequest,
  query: StatisticsQuery,
  isAccount: boolean,
  country: CountryCode | undefined,
): StatisticsQuery {
  if (query.timezone === undefined) return query
  const schema = statisticsQuery(query.timezone, isAccount, country)
  return validated(schema, 'querystring', queryObject(parseQueryString(rawQuery(request)))) as StatisticsQuery
}

async function answerStatistics(
  { digests, reads, config }: StatisticsRoutesDeps,
  tags: FilteredTags,
  source: StatisticsSource,
  query: StatisticsQuery,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const filters = visitFilters(query)
  const operation = source.linkId === null ? 'countAllVisits' : 'countVisits'
  const read = { operation, linkId: source.linkId, filters: personalFilters(filters) } as const
  requireNumbers(reads, request, read)
  const { timezone: zone = config.outputZone, interval = null, group_by: groupBy = [], top } = query
  const determinants = (state: SourceState) => [source, state, filters, zone, interval, groupBy, top]

  const now = await readState(digests.db.pool, source)
  // Titles of links may change, of which the log knows nothing.
  const known = groupBy.includes('link') ? null : tags.known(determinants(now))
  if (known !== null && isUnchanged(request, known)) return notModified(reply, known)

  if (interval !== null) {
    await prepareYears(zone, Number(filters.from ?? Date.now()), Number(filters.to ?? Date.now()))
  }
  const { state, statistics } = await readStatistics(digests, source, now, {
    filters,
    zone,
    interval,
    groupBy,
    top,
  })
  const body = Buffer.from(JSON.stringify(success('Statistics', statistics)))
  const tag = tags.learn(state.epoch, determinants(state), body)
  if (isUnchanged(request, tag)) return notModified(reply, tag)
  // Numbers of visits name nobody, unless it was somebody that was asked for.
  reads.note(request, read, nothingShown)
  return tagged(reply, tag).type('application/json; charset=utf-8').send(body)
}
