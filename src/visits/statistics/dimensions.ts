/** What statistics can be grouped by. Fields that always come together, because a visit refers to them together, are one facet. */
export const facetFields = {
  agent: ['browser', 'platform', 'device_type', 'device_brand'],
  place: ['country_code', 'region', 'city'],
  language: ['browser_lang'],
  host: ['host'],
  link: ['link'],
} as const

export type FacetName = keyof typeof facetFields

export const facetNames = Object.keys(facetFields) as FacetName[]

/** The facet that has a field, and where in it; null where none has. */
export function facetOf(field: string): { name: FacetName; at: number } | null {
  for (const name of facetNames) {
    const fields: readonly string[] = facetFields[name]
    if (fields.includes(field)) return { name, at: fields.indexOf(field) }
  }
  return null
}

/** In the zone of the question: 1 (Monday) to 7, and 0 to 23. */
export const timeFields = ['weekday', 'hour'] as const

export type TimeField = (typeof timeFields)[number]

export type FacetField = (typeof facetFields)[FacetName][number]

export type GroupField = FacetField | TimeField

/** In the order of the documentation. */
export const groupFields: readonly GroupField[] = [
  ...facetFields.agent,
  ...facetFields.place,
  ...facetFields.language,
  ...facetFields.host,
  ...timeFields,
  ...facetFields.link,
]

export const intervals = ['hour', 'day', 'week', 'month'] as const

export type Interval = (typeof intervals)[number]
