import { useEffect, useRef, useState } from 'preact/hooks'
import type { Link, Visit } from '../../client/index.js'
import { instantOfWall } from '../format.js'
import { type Asking, keepAsking } from './again.js'
import { ask, type Failure } from './ask.js'
import { forgetRequest, noteRequest } from './on-screen.js'
import type { Problem } from './problem.js'

export interface LatestVisits {
  /** Newest first; undefined while on their way. */
  visits: Visit[] | undefined
  /** Why they are not all that there are. */
  problem: Problem | undefined
}

interface Found {
  visits: Visit[]
  failure: Failure | undefined
  /** Where they were read. */
  urls: string[]
}

/**
 * The newest visits of the account: the last ones of those links that were visited last. Of more than a hundred links, the
 * newest hundred are looked at; the stream brings what happens on the others.
 *
 * @param limit that many
 * @param outdated asked again when it changes
 */
export function useLatestVisits(
  limit: number,
  isWanted: boolean,
  outdated: number,
): [latest: LatestVisits, add: (visit: Visit) => void] {
  const [found, setFound] = useState<Found>()
  const [arrived, setArrived] = useState<Visit[]>([])
  const asking = useRef<Asking | undefined>(undefined)
  const id = useRef({})
  // Stands before the next one: what only begins to be asked is not asked twice.
  useEffect(() => asking.current?.again(), [outdated])
  useEffect(() => {
    if (!isWanted) return
    asking.current = keepAsking({
      attempt: (signal) => findLatest(limit, signal),
      onAsk: () => {},
      onOutcome: (now) => {
        noteRequest(id.current, ...now.urls)
        setFound((before) => (now.failure && before ? { ...now, visits: before.visits } : now))
        return now.failure
      },
    })
    return asking.current.stop
  }, [isWanted])
  useEffect(() => () => forgetRequest(id.current), [])
  const visits = found && merged(arrived, found.visits).slice(0, limit)
  return [
    { visits, problem: found?.failure?.problem },
    (visit) => setArrived((before) => [visit, ...before].slice(0, limit)),
  ]
}

async function findLatest(limit: number, signal: AbortSignal): Promise<Found> {
  const links = await ask((api) => api.GET('/link/urls', { params: { query: { per_page: 100 } }, signal }), signal)
  if ('problem' in links) return { visits: [], failure: links, urls: [] }
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
  const read = pages.flatMap((page) => ('problem' in page ? [] : [page]))
  const failures = pages.flatMap((page) => ('problem' in page ? [page] : []))
  return {
    visits: newestFirst(read.flatMap(({ data }) => data.data)).slice(0, limit),
    // A link that was deleted since has no visits any more.
    failure: failures.find(({ problem }) => problem.status !== 404),
    urls: [links.url, ...read.map(({ url }) => url)],
  }
}

/** What was read may have been blanked since it arrived. */
function merged(arrived: Visit[], read: Visit[]): Visit[] {
  const ids = new Set(read.map(({ id }) => id))
  return newestFirst([...arrived.filter(({ id }) => !ids.has(id)), ...read])
}

/** Of the same second: as they were given. */
const newestFirst = (visits: Visit[]) =>
  visits.sort((a, b) => (a.created_at === b.created_at ? 0 : a.created_at < b.created_at ? 1 : -1))

const instantOf = ({ last_visited }: Link) => instantOfWall(last_visited ?? '').getTime()

const mostLinks = 6
