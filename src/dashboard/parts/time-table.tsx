import type { Bucket } from '../api/statistics.js'
import { formatNumber } from '../numbers.js'
import type { Interval } from '../range.js'
import { texts } from '../texts.js'
import { bucketName } from './bucket-text.js'
import { ScrollFrame } from './scroll-frame.js'

/** The same as the picture, newest first. */
export function TimeTable({ series, interval }: { series: Bucket[]; interval: Interval }) {
  const t = texts.totals
  const hasSuspects = series.some(({ suspected }) => suspected > 0)
  return (
    <ScrollFrame label={texts.charts.timeTable} low>
      <table class="table dense">
        <thead>
          <tr>
            <th>{texts.charts.when}</th>
            <th class="count">{t.visits}</th>
            <th class="count">{t.people}</th>
            <th class="count">{t.bots}</th>
            {hasSuspects && <th class="count">{t.suspected}</th>}
          </tr>
        </thead>
        <tbody>
          {[...series].reverse().map(({ start, visits, people, bots, suspected }) => (
            <tr key={start}>
              <th scope="row">{bucketName(new Date(start), interval)}</th>
              <td class="count">{formatNumber(visits)}</td>
              <td class="count">{formatNumber(people)}</td>
              <td class="count">{formatNumber(bots)}</td>
              {hasSuspects && <td class="count">{formatNumber(suspected)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollFrame>
  )
}
