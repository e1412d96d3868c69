import type { Visit } from '../../client/index.js'
import { countryName, formatExactTime, instantOfWall, languageName } from '../format.js'
import { texts } from '../texts.js'
import type { Column } from '../visit-columns.js'

/** A field of a visit in words; what is not known is a dash. */
export function VisitValue({ visit, field }: { visit: Visit; field: Column }) {
  if (field === 'created_at') {
    const at = instantOfWall(visit.created_at)
    return <time dateTime={at.toISOString()}>{formatExactTime(at)}</time>
  }
  const text = textOf(visit, field)
  if (text === '') {
    return (
      <span class="soft">
        <span aria-hidden="true">–</span>
        <span class="unseen">{texts.unknown}</span>
      </span>
    )
  }
  return <>{text}</>
}

function textOf(visit: Visit, field: Column): string {
  const value = visit[field]
  if (field === 'country' && visit.country_code !== '') return countryName(visit.country_code)
  if (field === 'browser_lang' && visit.browser_lang !== '') return languageName(visit.browser_lang)
  if (field === 'touch_enabled') return value === '1' ? texts.visits.yes : texts.visits.no
  return value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)
}
