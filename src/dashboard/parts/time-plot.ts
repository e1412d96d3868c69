import UPlot from 'uplot'
import type { Bucket } from '../api/statistics.js'
import { formatCompact } from '../numbers.js'
import type { Interval } from '../range.js'
import { bucketMark } from './bucket-text.js'
import { currentColours } from './colours.js'

export interface TimePlot {
  show(series: Bucket[], interval: Interval): void
  /** Follows the width of its place. */
  fit(): void
  remove(): void
}

interface PlotOptions {
  height: number
  /** The bucket under the pointer, and where it is in pixels; null when there is none. */
  onPoint: (at: { index: number; left: number } | null) => void
  /** First and last bucket of what was dragged over. */
  onZoom?: ((first: number, last: number) => void) | undefined
}

const font = '12px system-ui, sans-serif'
/** Between two marks of the axis of time. */
const markRoomPx = 62

/** People and bots as stacked bars, one for each bucket. */
export function drawTimePlot(place: HTMLElement, { height, onPoint, onZoom }: PlotOptions): TimePlot {
  let shown: Bucket[] = []
  let interval: Interval = 'day'
  const colours = currentColours(place)
  const { bars } = UPlot.paths
  const paths = bars?.({ size: [0.72, 56], radius: 0.12 })
  const stack = (name: 'people' | 'bots') => ({
    fill: colours[name],
    width: 0,
    points: { show: false },
    ...(paths && { paths }),
  })
  const plot = new UPlot(
    {
      width: widthOf(place),
      height,
      padding: [10, 20, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        points: { show: false },
        drag: { x: onZoom !== undefined, y: false, setScale: false, dist: 6 },
      },
      scales: {
        x: { time: false, range: () => [-0.6, Math.max(shown.length, 1) - 0.4] },
        y: { range: (_plot, _min, max) => [0, Math.max(4, (max ?? 0) * 1.06)] },
      },
      axes: [
        {
          stroke: colours['ink-soft'],
          font,
          size: 28,
          gap: 6,
          grid: { show: false },
          ticks: { show: false },
          splits: ({ width }) => marks(shown, interval, Math.max(2, Math.floor((width - 50) / markRoomPx))),
          values: (_plot, at) =>
            at.map((index, order) => bucketMark(new Date(shown[index]?.start ?? 0), interval, order === 0)),
        },
        {
          stroke: colours['ink-soft'],
          font,
          size: 40,
          gap: 6,
          space: 44,
          grid: { stroke: colours.line, width: 1 },
          ticks: { show: false },
          incrs: wholeSteps(),
          values: (_plot, at) => at.map(formatCompact),
        },
      ],
      series: [{}, stack('bots'), stack('people')],
      hooks: {
        setCursor: [
          ({ cursor: { idx, left = -1 } }) => {
            onPoint(left < 0 || idx == null || shown[idx] === undefined ? null : { index: idx, left: centreOf(idx) })
          },
        ],
        setSelect: [
          ({ select: { left, width } }) => {
            if (width < 6) return
            const [first, last] = [left, left + width].map((px) => Math.round(plot.posToVal(px, 'x')))
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
            onZoom?.(Math.max(first ?? 0, 0), Math.min(last ?? 0, shown.length - 1))
          },
        ],
      },
    },
    [[], [], []],
    place,
  )
  const centreOf = (index: number) => plot.valToPos(index, 'x') + plot.over.offsetLeft
  return {
    show(series, by) {
      shown = series
      interval = by
      // People are drawn over the sum, of which bots stay to be seen above.
      plot.setData([series.map((_, at) => at), series.map(({ visits }) => visits), series.map(({ people }) => people)])
    },
    fit() {
      const width = widthOf(place)
      if (width !== plot.width) plot.setSize({ width, height })
    },
    remove: () => plot.destroy(),
  }
}

const widthOf = (place: HTMLElement) => Math.max(place.clientWidth, 120)

/** Buckets that have a mark: not more than fit, evenly, and where they mean something. */
function marks(series: Bucket[], interval: Interval, most: number): number[] {
  const steps =
    interval === 'hour'
      ? [1, 2, 3, 4, 6, 12, 24, 48]
      : interval === 'month'
        ? [1, 2, 3, 6, 12, 24]
        : [1, 2, 7, 14, 28, 56]
  const step = steps.find((length) => series.length / length <= most) ?? Math.ceil(series.length / most)
  // Of hours, those that a clock would show; of days, the newest one for certain.
  const start = new Date(series[0]?.start ?? 0)
  const skip = interval === 'hour' ? (step - (start.getHours() % step)) % step : (series.length - 1) % step
  return series.flatMap((_, at) => (at >= skip && (at - skip) % step === 0 ? [at] : []))
}

/** Visits are counted in whole ones. */
const wholeSteps = () => Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat()
