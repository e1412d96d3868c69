import type { components, operations } from '../../client/index.js'
import type { Interval, Range } from '../range.js'
import { ownZone } from '../surroundings.js'
import type { Question } from './ask.js'
import { type Answer, useAnswer } from './use-answer.js'

export type Statistics = components['schemas']['Statistics']
export type Bucket = NonNullable<Statistics['series']>[number]
export type Group = NonNullable<Statistics['groups']>[number]
export type StatisticsQuery = NonNullable<operations['countAllVisits']['parameters']['query']>

const minuteMs = 60_000
const latelyMs = 30 * minuteMs

/** What visits can be told apart by. */
export type Dimension = Exclude<keyof Group, 'title' | 'visits' | 'people' | 'bots' | 'suspected'>

export interface StatisticsAnswer {
  data: Statistics
  /** Of the series: what is asked by now may have another one. */
  interval: Interval | undefined
}

/** What statistics of a link, or of all links, are asked with; who has the same key asks the same. */
export function statisticsQuestion(id: number | null, given: StatisticsQuery): Question<StatisticsAnswer> {
  const query = { ...given, timezone: ownZone }
  return {
    key: [id, query],
    call: async (api, signal) => {
      const called = await (id === null
        ? api.GET('/link/visits/stats', { params: { query }, signal })
        : api.GET('/link/urls/{id}/visits/stats', { params: { path: { id }, query }, signal }))
      return { ...called, data: called.data && { ...called.data, interval: query.interval } }
    },
  }
}

/**
 * Statistics of a link, or of all links.
 *
 * @param pulse asked again when it changes
 */
export function useStatistics(
  id: number | null,
  given: StatisticsQuery,
  pulse: number,
  isWanted = true,
): Answer<StatisticsAnswer> {
  const { call, key } = statisticsQuestion(id, given)
  return useAnswer(call, key, { pulse, isWanted })
}

/** A range as the API takes it. */
export const within = ({ from, to }: Range) => ({ from: from.toISOString(), to: to.toISOString() })

/** The last half hour. It begins with a minute, so that it is the same question for a minute. */
export const lately = (now: Date): StatisticsQuery => ({
  from: new Date(Math.floor(now.getTime() / minuteMs) * minuteMs - latelyMs).toISOString(),
})

/** Headline numbers of a range, and the series of its buckets. */
export const overTime = (range: Range, filters: Pick<StatisticsQuery, 'filter' | 'bots'> = {}): StatisticsQuery => ({
  ...within(range),
  ...filters,
  interval: range.interval,
})
