import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Bucket } from '../api/statistics.js'
import { formatNumber } from '../numbers.js'
import type { Interval } from '../range.js'
import { texts } from '../texts.js'
import { isDark } from '../theme.js'
import { bucketName } from './bucket-text.js'
import { Card } from './card.js'
import { Icon } from './icon.js'
import { Skeleton } from './skeleton.js'
import { drawTimePlot, type TimePlot } from './time-plot.js'
import { TimeTable } from './time-table.js'

interface TimeChartProps {
  /** undefined: on its way, or not to be had. */
  series: Bucket[] | undefined
  isMissing: boolean
  /** Of the series. */
  interval: Interval
  /** What was dragged over. */
  onZoom?: (from: Date, to: Date) => void
}

const height = 260

/** Visits over time, as a picture or as a table. */
export function TimeChart({ series, isMissing, interval, onZoom }: TimeChartProps) {
  const [isTable, showTable] = useState(false)
  const t = texts.charts
  const toggle = isTable ? t.asPicture : t.asTable
  return (
    <Card
      title={t.time[interval]}
      class="time-card"
      tools={
        <div class="card-tools">
          <Legend />
          <button
            type="button"
            class="icon-button"
            onClick={() => showTable(!isTable)}
            title={toggle}
            aria-label={toggle}
          >
            <Icon name={isTable ? 'chart' : 'table'} />
          </button>
        </div>
      }
    >
      {series === undefined && !isMissing && <Skeleton height={height} />}
      {series === undefined && isMissing && <p class="soft nothing">{t.missing}</p>}
      {series !== undefined && isTable && <TimeTable series={series} interval={interval} />}
      {series !== undefined && !isTable && <Plot series={series} interval={interval} onZoom={onZoom} />}
    </Card>
  )
}

function Legend() {
  return (
    <ul class="legend">
      {(['people', 'bots'] as const).map((name) => (
        <li key={name}>
          <span class={`swatch ${name}`} aria-hidden="true" />
          {texts.totals[name]}
        </li>
      ))}
    </ul>
  )
}

interface PlotProps {
  series: Bucket[]
  interval: Interval
  onZoom: ((from: Date, to: Date) => void) | undefined
}

function Plot({ series, interval, onZoom }: PlotProps) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<TimePlot | null>(null)
  const [point, setPoint] = useState<{ index: number; left: number } | null>(null)
  const now = useRef({ series, onZoom })
  now.current = { series, onZoom }
  const dark = isDark()
  // Before the browser paints: the picture is there as soon as the numbers are.
  useLayoutEffect(() => {
    const element = place.current
    if (element === null) return
    const zoom = (first: number, last: number) => {
      const { series, onZoom } = now.current
      const [from, to] = [series[first], series[last + 1]]
      if (from) onZoom?.(new Date(from.start), to === undefined ? endOf(series, interval) : new Date(to.start))
    }
    const made = drawTimePlot(element, { height, onPoint: setPoint, ...(onZoom && { onZoom: zoom }) })
    const observer = new ResizeObserver(() => made.fit())
    observer.observe(element)
    plot.current = made
    return () => {
      observer.disconnect()
      made.remove()
    }
  }, [dark, interval])
  useLayoutEffect(() => plot.current?.show(series, interval), [dark, interval, series])
  const shown = point === null ? undefined : series[point.index]
  return (
    <div class="plot">
      <div
        ref={place}
        class="plot-place"
        style={{ minHeight: `${height}px` }}
        role="img"
        aria-label={summary(series, interval)}
      />
      {point !== null && shown !== undefined && (
        <div
          class={place.current && point.left > place.current.clientWidth / 2 ? 'tip at-left' : 'tip'}
          style={{ left: `${point.left}px` }}
        >
          <strong>{bucketName(new Date(shown.start), interval)}</strong>
          {(['people', 'bots'] as const).map((name) => (
            <span key={name}>
              <span class={`swatch ${name}`} />
              {texts.totals[name]} <b>{formatNumber(shown[name])}</b>
            </span>
          ))}
          {shown.suspected > 0 && (
            <span>
              {texts.totals.suspected} <b>{formatNumber(shown.suspected)}</b>
            </span>
          )}
        </div>
      )}
    </div>
  )
}

/** Where the last bucket ends: one more of the same length by the calendar. */
function endOf(series: Bucket[], interval: Interval): Date {
  const end = new Date(series.at(-1)?.start ?? 0)
  if (interval === 'hour') end.setHours(end.getHours() + 1)
  else if (interval === 'month') end.setMonth(end.getMonth() + 1)
  else end.setDate(end.getDate() + (interval === 'week' ? 7 : 1))
  return end
}

/** What the picture shows, in words. */
function summary(series: Bucket[], interval: Interval): string {
  const [first, last] = [series[0], series.at(-1)]
  if (first === undefined || last === undefined) return texts.charts.noTime
  const highest = series.reduce((most, bucket) => (bucket.visits > most.visits ? bucket : most))
  const sum = (name: 'people' | 'bots') => formatNumber(series.reduce((total, bucket) => total + bucket[name], 0))
  const name = ({ start }: Bucket) => bucketName(new Date(start), interval)
  return texts.charts.timeSummary({
    title: texts.charts.time[interval],
    ...{ from: name(first), to: name(last), people: sum('people'), bots: sum('bots') },
    ...{ highest: name(highest), most: formatNumber(highest.visits) },
  })
}
