import { useState } from 'preact/hooks'
import { linkQuestion } from '../api/link.js'
import { useLive } from '../api/live.js'
import { overTime, useStatistics, within } from '../api/statistics.js'
import { useAnswer } from '../api/use-answer.js'
import { useNow } from '../api/use-now.js'
import { usePulse } from '../api/use-pulse.js'
import { belongs } from '../belongs.js'
import { go, hrefOf, hrefWith, place } from '../location.js'
import { Choice } from '../parts/choice.js'
import { Countries } from '../parts/countries.js'
import { Empty } from '../parts/empty.js'
import { FilterChips } from '../parts/filter-chips.js'
import { HeatMap } from '../parts/heat-map.js'
import { LinkHead } from '../parts/link-head.js'
import { LinkPanels } from '../parts/link-panels.js'
import { ProblemNote } from '../parts/problem-note.js'
import { RangePicker } from '../parts/range-picker.js'
import { Tiles } from '../parts/tiles.js'
import { TimeChart } from '../parts/time-chart.js'
import { Title } from '../parts/title.js'
import { useLater } from '../parts/use-later.js'
import { VisitList } from '../parts/visit-list.js'
import { paramsOf, rangeOf } from '../range.js'
import { texts } from '../texts.js'
import { botChoices, filterQuery, filtersOf, pickIn } from '../visit-filters.js'

const refreshMs = 4_000
const bots = botChoices.map((value) => ({ value, text: texts.filters.bots[value] }))

/** One link: its numbers, pictures and visits, all under the same range and filters, which the address has. */
export function LinkPage({ id }: { id: number }) {
  const { params } = place.value
  const now = useNow()
  const range = rangeOf(params, now)
  const [pulse, beat] = usePulse(refreshMs)
  const [changes, setChanges] = useState(0)
  const [arrived, setArrived] = useState(0)
  const [outdated, renew] = usePulse(refreshMs)
  useLive(`/link/urls/${id}/visits/stream`, {
    onVisit: (visit) => {
      if (belongs(visit, place.value.params)) setArrived((count) => count + 1)
      beat()
    },
    onOutdated: () => {
      beat()
      renew()
    },
  })
  const wanted = filterQuery(params)
  const query = { ...within(range), ...wanted }
  const main = useStatistics(id, overTime(range, wanted), pulse)
  const isLater = useLater(!main.isLoading)
  const { call, key } = linkQuestion(id, changes)
  const link = useAnswer(call, key)
  if ([link.problem, main.problem].some((problem) => problem?.status === 404)) return <Missing />
  const filters = filtersOf(params)
  const pick = pickIn(params)
  return (
    <>
      <LinkHead
        id={id}
        link={link.data?.data}
        isMissing={link.isMissing}
        onSaved={() => setChanges((count) => count + 1)}
      />
      <div class="toolbar filters">
        <RangePicker range={range} />
        <Choice
          label={texts.filters.botsLabel}
          options={bots}
          value={botChoices.find((choice) => choice === params.bots) ?? 'include'}
          onChoose={(value) => go(hrefWith({ bots: value === 'include' ? undefined : value }))}
        />
        <FilterChips filters={filters} />
      </div>
      <ProblemNote problem={main.problem ?? link.problem} />
      <Tiles totals={main.data?.data.totals} isMissing={main.isMissing} />
      <TimeChart
        series={main.data?.data.series ?? undefined}
        isMissing={main.isMissing}
        interval={main.data?.interval ?? range.interval}
        onZoom={(from, to) => go(hrefWith(paramsOf(from, to)))}
      />
      {isLater && (
        <>
          <Countries {...{ id, query, pulse, pick }} />
          <LinkPanels {...{ id, query, pulse, pick }} />
          <HeatMap {...{ id, query, pulse }} />
          <VisitList {...{ id, query, pulse, outdated, arrived }} />
        </>
      )}
    </>
  )
}

function Missing() {
  return (
    <>
      <Title text={texts.link.missing.title} />
      <Empty {...texts.link.missing}>
        <a class="button" href={hrefOf(['links'])}>
          {texts.links.showAll}
        </a>
      </Empty>
    </>
  )
}
