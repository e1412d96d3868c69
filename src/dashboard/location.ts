import { signal } from '@preact/signals'

/** What is on the screen: everything of it is in the address, after `#`, which never leaves the browser. */
export interface Place {
  /** Such as ['links', '21']. */
  path: string[]
  params: Record<string, string>
}

export const place = signal(readPlace(location.hash))

addEventListener('hashchange', () => {
  place.value = readPlace(location.hash)
})

export function readPlace(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2)
  return {
    path: path.split('/').filter(Boolean).map(decoded),
    params: Object.fromEntries(new URLSearchParams(query)),
  }
}

export const isOverview = ({ path: [section = 'overview', ...more] }: Place) =>
  section === 'overview' && more.length === 0

/** The link that a place shows; null: it shows something else. */
export function linkIdOf({ path: [section, id = '', ...more] }: Place): number | null {
  return section === 'links' && more.length === 0 && /^[1-9]\d{0,14}$/.test(id) ? Number(id) : null
}

/** The address of a place, for `href`. Empty parameters are left out. */
export function hrefOf(path: (string | number)[], params: Record<string, string | undefined> = {}): string {
  const given = Object.entries(params).filter((pair): pair is [string, string] => Boolean(pair[1]))
  const query = new URLSearchParams(given).toString()
  return `#/${path.map(encodeURIComponent).join('/')}${query === '' ? '' : `?${query}`}`
}

/** This place with other parameters. A change of what is chosen begins at the first page again. */
export function hrefWith(changes: Record<string, string | undefined>): string {
  const { path, params } = place.value
  return hrefOf(path, { ...params, page: undefined, ...changes })
}

export function go(href: string): void {
  location.hash = href
}

/** The same without a step to go back to: while somebody types. */
export function replacePlace(href: string): void {
  history.replaceState(null, '', href)
  place.value = readPlace(href)
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
