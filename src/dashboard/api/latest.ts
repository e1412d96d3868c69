import { useEffect, useState } from 'preact/hooks'
import type { Link, Visit } from '../../client/index.js'
import { instantOfWall } from '../format.js'
import { ask } from './ask.js'

/**
 * The newest visits of the account: the last ones of those links that were visited last. Of more than a hundred links, the
 * newest hundred are looked at; the stream brings what happens on the others.
 *
 * @param limit that many
 * @returns undefined while on their way
 */
export function useLatestVisits(limit: number): [visits: Visit[] | undefined, add: (visit: Visit) => void] {
  const [visits, setVisits] = useState<Visit[]>()
  const [arrived, setArrived] = useState<Visit[]>([])
  useEffect(() => {
    const leave = new AbortController()
    latest(limit, leave.signal).then(
      (found) => {
        if (!leave.signal.aborted) setVisits(found)
      },
      () => {},
    )
    return () => leave.abort()
  }, [])
  const ids = new Set(arrived.map(({ id }) => id))
  const shown = visits && [...arrived, ...visits.filter(({ id }) => !ids.has(id))].slice(0, limit)
  return [shown, (visit) => setArrived((before) => [visit, ...before].slice(0, limit))]
}

async function latest(limit: number, signal: AbortSignal): Promise<Visit[]> {
  const links = await ask((api) => api.GET('/link/urls', { params: { query: { per_page: 100 } }, signal }), signal)
  if ('problem' in links) return []
  const recent = links.data.data
    .filter(({ last_visited }) => last_visited !== null)
    .sort((a, b) => instantOf(b) - instantOf(a))
    .slice(0, mostLinks)
  const pages = await Promise.all(
    recent.map(({ id }) =>
      ask(
        (api) => api.GET('/link/urls/{id}/visits', { params: { path: { id }, query: { per_page: limit } }, signal }),
        signal,
      ),
    ),
  )
  return pages
    .flatMap((page) => ('problem' in page ? [] : page.data.data))
    .sort((a, b) => (a.created_at < b.created_at ? 1 : -1))
    .slice(0, limit)
}

const instantOf = ({ last_visited }: Link) => instantOfWall(last_visited ?? '').getTime()

const mostLinks = 6
