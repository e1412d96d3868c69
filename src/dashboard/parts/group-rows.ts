import type { Dimension, Group } from '../api/statistics.js'
import { countryName, languageName } from '../format.js'
import { texts } from '../texts.js'
import type { BarRow } from './bars.js'

/** Where a click on a value leads; undefined: nowhere. */
export type PickOf = (dimension: Dimension, value: string) => { href: string; isChosen: boolean } | undefined

/** Groups of statistics as bars. */
export function groupRows(groups: Group[], dimension: Dimension, pick?: PickOf): BarRow[] {
  return groups.map((group) => {
    const value = group[dimension]
    const counts = { people: group.people, bots: group.bots, suspected: group.suspected }
    if (value === null || value === undefined) return { name: texts.unknown, isSoft: true, ...counts }
    return { name: valueName(dimension, String(value), group.title), ...counts, ...pick?.(dimension, String(value)) }
  })
}

/** A value in words. */
export function valueName(dimension: string, value: string, title?: string): string {
  switch (dimension) {
    case 'country_code':
      return countryName(value)
    case 'browser_lang':
      return languageName(value)
    case 'link':
      return title || texts.visits.linkName(value)
    case 'device_type':
      return value.slice(0, 1).toUpperCase() + value.slice(1)
    default:
      return value
  }
}
