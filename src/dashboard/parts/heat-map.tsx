import { type StatisticsQuery, useStatistics } from '../api/statistics.js'
import { formatNumber } from '../numbers.js'
import { texts } from '../texts.js'
import { Card } from './card.js'
import { ProblemNote } from './problem-note.js'
import { Skeleton } from './skeleton.js'

const hours = Array.from({ length: 24 }, (_, hour) => hour)
const weekdays = [1, 2, 3, 4, 5, 6, 7]

interface HeatMapProps {
  id: number
  query: StatisticsQuery
  pulse: number
}

/** On which days of the week, and at which hours, visits come. A table, whose cells are coloured too. */
export function HeatMap({ id, query, pulse }: HeatMapProps) {
  const { data, problem, isMissing } = useStatistics(id, { ...query, group_by: 'weekday,hour' }, pulse)
  const t = texts.heat
  const counts = new Map(data?.data.groups?.map(({ weekday, hour, visits }) => [`${weekday} ${hour}`, visits]))
  const most = Math.max(1, ...counts.values())
  return (
    <Card title={t.title} class="heat-card">
      <ProblemNote problem={problem} />
      {data === undefined && !isMissing && <Skeleton height={240} />}
      {data !== undefined && (
        <table class="heat">
          <caption class="unseen">{t.caption}</caption>
          <thead>
            <tr>
              <td />
              {hours.map((hour) => (
                <th key={hour} scope="col">
                  <span class={hour % 3 === 0 ? undefined : 'unseen'}>{String(hour).padStart(2, '0')}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {weekdays.map((weekday) => (
              <tr key={weekday}>
                <th scope="row">{texts.calendar.weekdays[weekday - 1]}</th>
                {hours.map((hour) => {
                  const count = counts.get(`${weekday} ${hour}`) ?? 0
                  return (
                    <td
                      key={hour}
                      title={t.cell(texts.calendar.weekdays[weekday - 1] ?? '', hour, formatNumber(count))}
                    >
                      <span class="heat-cell" style={{ '--heat': count === 0 ? 0 : 0.12 + (0.88 * count) / most }}>
                        <span class="unseen">{formatNumber(count)}</span>
                      </span>
                    </td>
                  )
                })}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {data !== undefined && (
        <p class="scale soft" aria-hidden="true">
          0 <span class="scale-bar" /> {formatNumber(Math.max(0, ...counts.values()))}
        </p>
      )}
    </Card>
  )
}
