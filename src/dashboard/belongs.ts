import type { Visit } from '../client/index.js'
import { instantOfWall } from './format.js'
import { rangeOf } from './range.js'
import { type FilterField, filterQuery, filtersOf } from './visit-filters.js'

/** Whether a visit that has just come is one of those that a place asks for. */
export function belongs(visit: Visit, params: Record<string, string>): boolean {
  const { from, to } = rangeOf(params, new Date())
  const at = instantOfWall(visit.created_at)
  const { bots = 'include' } = filterQuery(params)
  return (
    (bots === 'include' || (bots === 'only') === isOfBot(visit)) &&
    filtersOf(params).every(({ field, value }) => {
      return fits(filteredBy(visit, field), field === 'country_code' ? value.toUpperCase() : value)
    }) &&
    from <= at &&
    at < to
  )
}

/** Visits have no field for it: the server notes its verdict among the options. */
const isOfBot = ({ options }: Visit) => options?.bot === true

function filteredBy(visit: Visit, field: FilterField): string {
  if (field !== 'suspect') return visit[field] ?? ''
  return isOfBot(visit) ? '' : String(visit.options?.suspect ?? '')
}

/** As the API reads a filter: values with commas, `-` in front of an unwanted one. */
function fits(has: string, filter: string): boolean {
  const values = filter.split(',').map((value) => value.trim())
  const wanted = values.filter((value) => !value.startsWith('-'))
  return (wanted.length === 0 || wanted.includes(has)) && !values.includes(`-${has}`)
}
