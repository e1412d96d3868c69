import { useState } from 'preact/hooks'
import type { StatisticsQuery } from '../api/statistics.js'
import { useAnswer } from '../api/use-answer.js'
import { hrefWith, place } from '../location.js'
import { formatNumber } from '../numbers.js'
import { texts } from '../texts.js'
import { ColumnDialog } from './column-dialog.js'
import { Empty } from './empty.js'
import { ExportMenu } from './export-menu.js'
import { Icon } from './icon.js'
import { Pager } from './pager.js'
import { ProblemNote } from './problem-note.js'
import { sortOf, VisitTable } from './visit-table.js'

interface VisitListProps {
  id: number
  /** Filters and range, as of the statistics. */
  query: Pick<StatisticsQuery, 'filter' | 'bots' | 'from' | 'to'>
  pulse: number
  /** Asked again when it changes, also where nothing else moves. */
  outdated: number
  /** How many visits have come that belonged to what was shown then. */
  arrived: number
}

/**
 * The visits themselves. The first page takes in new ones as they come; on others nothing moves while somebody reads, and what is
 * new is offered.
 */
export function VisitList({ id, query, pulse, outdated, arrived }: VisitListProps) {
  const { params } = place.value
  const page = Number(params.page ?? 1)
  const sort = sortOf(params)
  const follows = page === 1 && sort !== 'created_at'
  const [choosesColumns, chooseColumns] = useState(false)
  const asked = { ...query, page, per_page: 25, ...(sort !== '' && { sort }) }
  const visits = useAnswer(
    (api, signal) => api.GET('/link/urls/{id}/visits', { params: { path: { id }, query: asked }, signal }),
    [id, asked],
    { pulse: follows ? pulse : outdated },
  )
  const isEmpty = visits.data?.meta.total === 0
  const t = texts.visits
  return (
    <section class="visit-list" aria-labelledby="visits">
      <header class="list-head">
        <h2 id="visits">{t.title}</h2>
        {!follows && <NewVisits key={JSON.stringify(params)} arrived={arrived} />}
        <div class="list-tools">
          <button type="button" class="button small" onClick={() => chooseColumns(true)}>
            <Icon name="columns" />
            {t.columns}
          </button>
          <ExportMenu id={id} query={query} />
        </div>
      </header>
      <ProblemNote problem={visits.problem} />
      {isEmpty && <Empty {...t.none} />}
      {!isEmpty && !visits.isMissing && <VisitTable visits={visits.data?.data} isLoading={visits.isLoading} />}
      {visits.data !== undefined && !isEmpty && <Pager meta={visits.data.meta} label={t.pages} />}
      {choosesColumns && <ColumnDialog onClose={() => chooseColumns(false)} />}
    </section>
  )
}

/** How many came since this list was chosen: its key is all that the address says. */
function NewVisits({ arrived }: { arrived: number }) {
  const [before] = useState(arrived)
  const count = arrived - before
  return (
    <span role="status">
      {count > 0 && (
        <a class="pill" href={hrefWith({ sort: undefined })}>
          {texts.visits.newOnes(count, formatNumber(count))}
        </a>
      )}
    </span>
  )
}
