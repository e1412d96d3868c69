import { invalid } from '../../http/errors.js'
import { ZoneClock } from '../../http/zone-clock.js'
import type { VisitFilters } from '../filters.js'
import { Calendar, mostBuckets } from './calendar.js'
import type { Group } from './counts.js'
import type { Digest } from './digest.js'
import type { GroupField, Interval } from './dimensions.js'
import { groupingsOf, seriesGrouping } from './grouping.js'
import { type ShownCount, type ShownGroup, type ShownGroups, shownCount, shownGroups } from './groups.js'
import { PeopleSet } from './people-sets.js'
import type { PositionFilter } from './positions.js'
import { selectionOf } from './selection.js'
import { type Bucket, shownSeries } from './series.js'
import type { SourceState } from './source.js'
import { Tally } from './tally.js'

/** What is asked of a log. */
export interface StatisticsRequest {
  filters: VisitFilters
  /** IANA zone of buckets, weekdays and hours. */
  zone: string
  interval: Interval | null
  groupBy: GroupField[]
  top: number
}

export interface Statistics {
  totals: ShownCount & { unique_visitors: number; recipients_reached: number; recipients_sent: number }
  series: Bucket[] | null
  groups: ShownGroup[] | null
  other: ShownGroups['other']
}

/** A request, from what is to be counted for it to its answer. */
export class Question {
  readonly #request: StatisticsRequest
  readonly #clock: ZoneClock
  readonly #calendar: Calendar | null

  constructor(request: StatisticsRequest) {
    this.#request = request
    this.#clock = new ZoneClock(request.zone)
    this.#calendar = request.interval && new Calendar(this.#clock, request.interval)
  }

  /**
   * Of a log that has been read to its end.
   *
   * @param seen nobody yet
   */
  tallyOf(
    digest: Digest,
    { links, isWhole: hasAll }: SourceState,
    positions: PositionFilter | null,
    seen = new PeopleSet(),
  ): Tally {
    const { filters, groupBy } = this.#request
    const selection = selectionOf(filters, digest.facets, links, positions)
    const isWhole = this.#isWhole && hasAll && selection.wanted.link?.includes(0) !== true
    return new Tally({
      selection,
      remembered: digest.remembered.of(selection.filter),
      seen,
      series: this.#calendar && seriesGrouping(this.#clock, this.#calendar),
      groupings: groupingsOf(groupBy, digest.facets, this.#clock),
      people: isWhole ? 'all' : filters.bots === 'only' ? 'none' : 'wanted',
    })
  }

  /** @throws HttpError 422 for too many buckets */
  answerOf(tally: Tally, { visitors }: Digest, state: SourceState): Statistics {
    const { filters, groupBy, top } = this.#request
    const { people, bots, suspects } = tally.totals
    const isOfBots = filters.bots === 'only'
    const shown = tally.groups && shownGroups(tally.groups, filters.bots, groupBy, top)
    return {
      totals: {
        ...shownCount({
          people: isOfBots ? 0 : people,
          bots: filters.bots === 'exclude' ? 0 : bots,
          suspects: isOfBots ? 0 : suspects,
        }),
        unique_visitors: tally.people === 'all' ? visitors : tally.seen.visitors.size,
        recipients_reached: this.#isWhole && state.isWhole ? state.recipientsReached : tally.seen.recipients.size,
        recipients_sent: state.recipientsSent,
      },
      series: tally.series && this.#buckets(tally.series.groups(filters.bots)),
      groups: shown?.groups ?? null,
      other: shown?.other ?? null,
    }
  }

  /** Whether people's visits are wanted whatever they are. */
  get #isWhole(): boolean {
    const { conditions, from, to, bots } = this.#request.filters
    return conditions.length === 0 && from === null && to === null && bots !== 'only'
  }

  #buckets(counted: Group[]): Bucket[] | null {
    const { from, to } = this.#request.filters
    if (this.#calendar === null) return null
    const end = to === null ? null : to.getTime() - 1
    const buckets = shownSeries(counted, this.#calendar, this.#clock, from?.getTime() ?? null, end)
    if (buckets !== null) return buckets
    const problem = `The interval field would give more than ${mostBuckets} buckets. Choose a longer interval or a shorter range.`
    throw invalid({ interval: [problem] })
  }
}
