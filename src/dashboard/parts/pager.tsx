import { useEffect } from 'preact/hooks'
import { hrefWith, place, replacePlace } from '../location.js'
import { formatNumber } from '../numbers.js'
import { texts } from '../texts.js'

export interface PageMeta {
  current_page: number | string
  from: number | null
  to: number | null
  last_page: number
  total: number
  links: { url: string | null; label: string; active: boolean }[]
}

/**
 * The pages that the API itself offers, in its own order. Past the last one, such as when all of its rows were deleted, it goes to
 * that.
 *
 * @param props.param what the place calls the page; a second list on a page has another
 */
export function Pager({ meta, label, param = 'page' }: { meta: PageMeta; label: string; param?: string }) {
  // What else is chosen stays, the page of another list too.
  const hrefOfPage = (page: string) => hrefWith({ page: place.value.params.page, [param]: page })
  useEffect(() => {
    if (meta.from === null && meta.total > 0) replacePlace(hrefOfPage(String(meta.last_page)))
  }, [meta])
  if (meta.last_page <= 1 && meta.from !== null) {
    return <p class="pager-count">{texts.pager.all(formatNumber(meta.total))}</p>
  }
  return (
    <nav class="pager" aria-label={label}>
      <p class="pager-count">
        {meta.from === null
          ? texts.pager.past
          : texts.pager.some(formatNumber(meta.from), formatNumber(meta.to ?? 0), formatNumber(meta.total))}
      </p>
      <ul>
        {meta.links.map(({ url, label: text, active }, at) => {
          const isEnd = at === 0 || at === meta.links.length - 1
          const shown = isEnd ? (at === 0 ? texts.pager.previous : texts.pager.next) : text
          return (
            <li key={`${at} ${text}`} class={isEnd ? undefined : 'number'}>
              {url === null ? (
                <span class="off">{shown}</span>
              ) : (
                <a
                  href={hrefOfPage(new URL(url).searchParams.get('page') ?? '1')}
                  aria-current={active ? 'page' : undefined}
                >
                  {shown}
                </a>
              )}
            </li>
          )
        })}
      </ul>
    </nav>
  )
}
