import type { components, operations } from '../../client/index.js'
import type { Range } from '../range.js'
import { ownZone } from '../surroundings.js'
import { type Answer, useAnswer } from './use-answer.js'

export type Statistics = components['schemas']['Statistics']
export type Bucket = NonNullable<Statistics['series']>[number]
export type Group = NonNullable<Statistics['groups']>[number]
export type StatisticsQuery = NonNullable<operations['countAllVisits']['parameters']['query']>

/** What visits can be told apart by. */
export type Dimension = Exclude<keyof Group, 'title' | 'visits' | 'people' | 'bots'>

/**
 * Statistics of a link, or of all links.
 *
 * @param pulse asked again when it changes
 */
export function useStatistics(id: number | null, given: StatisticsQuery, pulse: number): Answer<{ data: Statistics }> {
  const query = { ...given, timezone: ownZone }
  return useAnswer(
    (api, signal) =>
      id === null
        ? api.GET('/link/visits/stats', { params: { query }, signal })
        : api.GET('/link/urls/{id}/visits/stats', { params: { path: { id }, query }, signal }),
    [id, query, pulse],
  )
}

/** A range as the API takes it. */
export const within = ({ from, to }: Range) => ({ from: from.toISOString(), to: to.toISOString() })
