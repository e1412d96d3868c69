import { useState } from 'preact/hooks'
import { useLatestVisits } from '../api/latest.js'
import { useLive } from '../api/live.js'
import { type Dimension, lately, overTime, useStatistics, within } from '../api/statistics.js'
import { useNow } from '../api/use-now.js'
import { usePulse } from '../api/use-pulse.js'
import { go, hrefOf, hrefWith, place } from '../location.js'
import { Breakdown } from '../parts/breakdown.js'
import { Empty } from '../parts/empty.js'
import { LatestVisits } from '../parts/latest-visits.js'
import { ProblemNote } from '../parts/problem-note.js'
import { RangePicker } from '../parts/range-picker.js'
import { Tile, Tiles } from '../parts/tiles.js'
import { TimeChart } from '../parts/time-chart.js'
import { Title } from '../parts/title.js'
import { useLater } from '../parts/use-later.js'
import { paramsOf, rangeOf } from '../range.js'
import { texts } from '../texts.js'

const devices = ['device_type', 'browser', 'platform'] as const
const refreshMs = 4_000
const renewMs = 15_000
const latestShown = 12

/** All links of the account at a glance, as it happens. */
export function OverviewPage() {
  const now = useNow()
  const range = rangeOf(place.value.params, now)
  const [pulse, beat] = usePulse(refreshMs)
  const [device, setDevice] = useState<Dimension>('device_type')
  const query = within(range)
  const main = useStatistics(null, overTime(range), pulse)
  const live = useStatistics(null, lately(now), pulse)
  const isLater = useLater(!main.isLoading)
  const links = useStatistics(null, { group_by: 'link', top: 100 }, pulse, isLater)
  const [outdated, renew] = usePulse(renewMs)
  const [latest, addLatest] = useLatestVisits(latestShown, isLater, outdated)
  useLive('/link/visits/stream', {
    onVisit: (visit) => {
      addLatest(visit)
      beat()
    },
    onOutdated: () => {
      beat()
      renew()
    },
  })
  const titles = new Map(links.data?.data.groups?.map(({ link, title }) => [String(link), title]))
  const linkHref = (_: Dimension, id: string) => ({ href: hrefOf(['links', id], rangeParams()), isChosen: false })
  const isNew = links.data?.data.totals.visits === 0
  return (
    <>
      <Title text={texts.overview.title}>
        <RangePicker range={range} />
      </Title>
      <ProblemNote problem={main.problem} />
      {isNew && (
        <Empty {...texts.overview.none}>
          <a class="button primary" href={hrefOf(['links'])}>
            {texts.overview.toLinks}
          </a>
        </Empty>
      )}
      <Tiles totals={main.data?.data.totals} isMissing={main.isMissing}>
        <Tile
          name={texts.overview.live}
          value={live.data?.data.totals.visits}
          isMissing={live.isMissing}
          note={texts.overview.liveNote}
          mark="live"
        />
      </Tiles>
      <div class="overview-top">
        <TimeChart
          series={main.data?.data.series ?? undefined}
          isMissing={main.isMissing}
          interval={main.data?.interval ?? range.interval}
          onZoom={(from, to) => go(hrefWith(paramsOf(from, to)))}
        />
        <LatestVisits {...latest} titleOf={(id) => titles.get(id)} now={now} />
      </div>
      {isLater && (
        <div class="panels">
          <Breakdown
            {...{ id: null, query, pulse, title: texts.overview.topLinks }}
            dimensions={['link']}
            chosen="link"
            pick={linkHref}
          />
          <Breakdown
            {...{ id: null, query, pulse, title: texts.overview.countries }}
            dimensions={['country_code']}
            chosen="country_code"
          />
          <Breakdown
            {...{ id: null, query, pulse, title: texts.overview.devices, dimensions: devices }}
            chosen={device}
            onChoose={setDevice}
          />
        </div>
      )}
    </>
  )
}

/** A link is looked at in the range that was looked at here. */
function rangeParams() {
  const { range, from, to } = place.value.params
  return { range, from, to }
}
