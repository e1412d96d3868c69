import { hrefWith } from '../location.js'
import { texts } from '../texts.js'
import { type ChosenFilter, filterFields } from '../visit-filters.js'
import { valueName } from './group-rows.js'
import { Icon } from './icon.js'

/** The filters at work, each to be taken away. */
export function FilterChips({ filters }: { filters: ChosenFilter[] }) {
  if (filters.length === 0) return null
  const t = texts.filters
  return (
    <ul class="chips" aria-label={t.label}>
      {filters.map(({ field, value }) => {
        const name = `${t.fields[field]}: ${valueName(field, value)}`
        return (
          <li key={field}>
            <a class="chip" href={hrefWith({ [field]: undefined })} aria-label={t.remove(name)} title={t.remove(name)}>
              <span>{name}</span>
              <Icon name="close" />
            </a>
          </li>
        )
      })}
      {filters.length > 1 && (
        <li>
          <a class="chip plain" href={hrefWith(Object.fromEntries(filterFields.map((field) => [field, undefined])))}>
            {t.clear}
          </a>
        </li>
      )}
    </ul>
  )
}
