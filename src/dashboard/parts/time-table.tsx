import type { Bucket } from '../api/statistics.js'
import { formatNumber } from '../format.js'
import type { Interval } from '../range.js'
import { texts } from '../texts.js'
import { bucketName } from './bucket-text.js'

/** The same as the picture, newest first. */
export function TimeTable({ series, interval }: { series: Bucket[]; interval: Interval }) {
  const t = texts.totals
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
    <section class="table-frame low" tabIndex={0} aria-label={texts.charts.timeTable}>
      <table class="table dense">
        <thead>
          <tr>
            <th>{texts.charts.when}</th>
            <th class="count">{t.visits}</th>
            <th class="count">{t.people}</th>
            <th class="count">{t.bots}</th>
          </tr>
        </thead>
        <tbody>
          {[...series].reverse().map(({ start, visits, people, bots }) => (
            <tr key={start}>
              <th scope="row">{bucketName(new Date(start), interval)}</th>
              <td class="count">{formatNumber(visits)}</td>
              <td class="count">{formatNumber(people)}</td>
              <td class="count">{formatNumber(bots)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
