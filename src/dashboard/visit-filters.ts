import type { Dimension, StatisticsQuery } from './api/statistics.js'
import { hrefWith } from './location.js'

/** What the API filters by, of what a visit can be told apart by; and a recipient, whom other pages lead here with. */
export const filterFields = [
  ...(['country_code', 'region', 'city', 'device_type', 'device_brand', 'browser', 'platform'] as const),
  ...(['browser_lang', 'host', 'token', 'message_id', 'client_ip', 'suspect'] as const),
] as const

export type FilterField = (typeof filterFields)[number]

export const botChoices = ['include', 'exclude', 'only'] as const

type Filter = NonNullable<StatisticsQuery['filter']>

export interface ChosenFilter {
  field: FilterField
  value: string
}

/** Filters that a place asks for. */
export function filtersOf(params: Record<string, string>): ChosenFilter[] {
  return filterFields.flatMap((field) => (params[field] === undefined ? [] : [{ field, value: params[field] }]))
}

/** The same as the API takes them, with the choice of people and bots. */
export function filterQuery(params: Record<string, string>): Pick<StatisticsQuery, 'filter' | 'bots'> {
  const filters = filtersOf(params)
  const filter: Filter = Object.fromEntries(filters.map(({ field, value }) => [field, value]))
  const bots = botChoices.find((choice) => choice === params.bots)
  return { ...(filters.length > 0 && { filter }), ...(bots !== undefined && bots !== 'include' && { bots }) }
}

/** A click on a value filters by it; another one on the same lets go of it. Some values cannot be written as a filter. */
export function pickIn(params: Record<string, string>) {
  return (dimension: Dimension, value: string) => {
    const field = filterFields.find((name) => name === dimension)
    if (field === undefined || value === '' || value.includes(',') || value.startsWith('-')) return undefined
    const isChosen = params[field] === value
    return { href: hrefWith({ [field]: isChosen ? undefined : value }), isChosen }
  }
}
