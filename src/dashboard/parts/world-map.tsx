import { useEffect, useState } from 'preact/hooks'
import type { Problem } from '../api/problem.js'
import type { Group } from '../api/statistics.js'
import { countryName } from '../format.js'
import { loadPart } from '../load-part.js'
import { go } from '../location.js'
import { formatNumber } from '../numbers.js'
import { texts } from '../texts.js'
import type { PickOf } from './group-rows.js'
import { ProblemNote } from './problem-note.js'
import { Skeleton } from './skeleton.js'

type Shapes = typeof import('virtual:world-shapes').default

interface WorldMapProps {
  /** By country. */
  groups: Group[]
  pick: PickOf
}

/**
 * Countries, the darker the more visits came from them. For pointers: the list beside it says the same, and does the same by
 * keyboard.
 */
export function WorldMap({ groups, pick }: WorldMapProps) {
  const [shapes, setShapes] = useState<Shapes>()
  const [problem, setProblem] = useState<Problem>()
  const [at, setAt] = useState<{ code: string; left: number; top: number }>()
  useEffect(() => {
    void loadPart(import('virtual:world-shapes')).then((loaded) => {
      if ('problem' in loaded) setProblem(loaded.problem)
      else setShapes(loaded.part.default)
    })
  }, [])
  if (problem !== undefined) return <ProblemNote problem={problem} />
  if (shapes === undefined) return <Skeleton height={240} />
  const counts = new Map(groups.map((group) => [group.country_code ?? '', group.visits]))
  const most = Math.max(1, ...groups.map(({ country_code, visits }) => (country_code === null ? 0 : visits)))
  // By root: one big country would make all others look empty.
  const heat = (code: string) => {
    const count = counts.get(code) ?? 0
    return { '--heat': count === 0 ? 0 : 0.15 + 0.85 * Math.sqrt(count / most) }
  }
  const about = (code: string) => ({
    class: counts.has(code) ? 'country visited' : 'country',
    style: heat(code),
    onPointerEnter: () => setAt((before) => ({ left: 0, top: 0, ...before, code })),
    onClick: () => {
      const picked = counts.has(code) ? pick('country_code', code) : undefined
      if (picked !== undefined) go(picked.href)
    },
  })
  return (
    <div
      class="map"
      onPointerMove={(event) => {
        const box = event.currentTarget.getBoundingClientRect()
        const [left, top] = [event.clientX - box.left, event.clientY - box.top]
        setAt((before) => before && { ...before, left: Math.min(Math.max(left, 70), box.width - 70), top })
      }}
      onPointerLeave={() => setAt(undefined)}
    >
      <svg viewBox={`0 0 ${shapes.width} ${shapes.height}`} role="img" aria-label={texts.map.label}>
        {shapes.paths.map(([code, path], index) => (
          <path key={index} d={path} data-country={code} {...about(code)} />
        ))}
        {shapes.dots
          .filter(([code]) => counts.has(code))
          .map(([code, x, y]) => (
            <circle key={code} cx={x} cy={y} r="5" data-country={code} {...about(code)} />
          ))}
      </svg>
      {at !== undefined && at.code !== '' && (
        <div class="map-tip" style={{ left: `${at.left}px`, top: `${at.top}px` }} aria-hidden="true">
          {countryName(at.code)} <b>{formatNumber(counts.get(at.code) ?? 0)}</b>
        </div>
      )}
    </div>
  )
}
