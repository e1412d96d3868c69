import { type StatisticsQuery, useStatistics } from '../api/statistics.js'
import { texts } from '../texts.js'
import { GroupBars } from './breakdown.js'
import { Card } from './card.js'
import type { PickOf } from './group-rows.js'
import { ProblemNote } from './problem-note.js'
import { Skeleton } from './skeleton.js'
import { WorldMap } from './world-map.js'

interface CountriesProps {
  id: number
  query: StatisticsQuery
  pulse: number
  pick: PickOf
}

/** The map has a hundred countries, the list beside it the first ones. */
export function Countries({ id, query, pulse, pick }: CountriesProps) {
  const { data, problem, isMissing } = useStatistics(id, { ...query, group_by: 'country_code', top: 100 }, pulse)
  const groups = data?.data.groups ?? []
  const rest = groups.slice(listed)
  const sum = (name: 'visits' | 'people' | 'bots' | 'suspected') =>
    rest.reduce((total, group) => total + group[name], data?.data.other?.[name] ?? 0)
  const other =
    rest.length === 0 && !data?.data.other ? null : { groups: rest.length + (data?.data.other?.groups ?? 0) }
  return (
    <Card title={texts.map.title} class="world-card">
      <ProblemNote problem={problem} />
      {data === undefined && !isMissing && <Skeleton height={300} />}
      {data !== undefined && (
        <div class="world">
          <WorldMap groups={groups} pick={pick} />
          <GroupBars
            statistics={{
              ...data.data,
              groups: groups.slice(0, listed),
              other: other && {
                ...other,
                ...{ visits: sum('visits'), people: sum('people'), bots: sum('bots'), suspected: sum('suspected') },
              },
            }}
            dimension="country_code"
            pick={pick}
          />
        </div>
      )}
    </Card>
  )
}

const listed = 7
