import type { Question } from './api/ask.js'
import { linkQuestion } from './api/link.js'
import { lately, overTime, statisticsQuestion } from './api/statistics.js'
import { isOverview, linkIdOf, type Place } from './location.js'
import { rangeOf } from './range.js'
import { filterQuery } from './visit-filters.js'

/** What the page of a place asks first, for what is at its top. */
export function aboutOf(place: Place, now: Date): Question<unknown>[] {
  const range = rangeOf(place.params, now)
  if (isOverview(place)) return [statisticsQuestion(null, overTime(range)), statisticsQuestion(null, lately(now))]
  const id = linkIdOf(place)
  return id === null ? [] : [statisticsQuestion(id, overTime(range, filterQuery(place.params))), linkQuestion(id)]
}
