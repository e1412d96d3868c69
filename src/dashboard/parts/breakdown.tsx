import type { ComponentChildren } from 'preact'
import { type Dimension, type Statistics, type StatisticsQuery, useStatistics } from '../api/statistics.js'
import { formatNumber } from '../numbers.js'
import { texts } from '../texts.js'
import { type BarRow, Bars } from './bars.js'
import { Card } from './card.js'
import { Choice } from './choice.js'
import { groupRows, type PickOf } from './group-rows.js'
import { ProblemNote } from './problem-note.js'
import { Skeleton } from './skeleton.js'

export interface BreakdownProps {
  id: number | null
  query: StatisticsQuery
  pulse: number
  title: string
  /** One of these at a time. */
  dimensions: readonly Dimension[]
  chosen: Dimension
  onChoose?: (dimension: Dimension) => void
  /** Where a click on a value leads. */
  pick?: PickOf
  top?: number
  class?: string
  children?: (statistics: Statistics) => ComponentChildren
}

/** What visits have in common, most visits first. */
export function Breakdown({ title, dimensions, chosen, onChoose, class: more = '', ...rest }: BreakdownProps) {
  return (
    <Card
      title={title}
      class={`breakdown ${more}`}
      tools={
        dimensions.length > 1 && (
          <Choice
            label={texts.charts.groupBy}
            options={dimensions.map((value) => ({ value, text: texts.dimensions[value] }))}
            value={chosen}
            onChoose={(value) => onChoose?.(value)}
          />
        )
      }
    >
      <Groups key={chosen} dimension={chosen} {...rest} />
    </Card>
  )
}

type GroupsProps = Pick<BreakdownProps, 'id' | 'query' | 'pulse' | 'pick' | 'top' | 'children'> & {
  dimension: Dimension
}

function Groups({ id, query, pulse, dimension, pick, top = 8, children }: GroupsProps) {
  const { data, problem, isMissing } = useStatistics(id, { ...query, group_by: dimension, top }, pulse)
  return (
    <>
      <ProblemNote problem={problem} />
      {data === undefined && !isMissing && <Skeleton height={240} />}
      {data !== undefined && children?.(data.data)}
      {data !== undefined && <GroupBars statistics={data.data} dimension={dimension} pick={pick} />}
    </>
  )
}

interface GroupBarsProps {
  statistics: Statistics
  dimension: Dimension
  pick?: PickOf | undefined
}

export function GroupBars({ statistics: { totals, groups, other }, dimension, pick }: GroupBarsProps) {
  const rows: BarRow[] = groupRows(groups ?? [], dimension, pick)
  if (rows.length === 0) return <p class="soft nothing">{texts.charts.nothing}</p>
  if (other !== null) {
    const { people, bots, suspected } = other
    const name = texts.charts.others(formatNumber(other.groups))
    rows.push({ name, isSoft: true, isRest: true, people, bots, suspected })
  }
  return <Bars label={texts.dimensions[dimension]} rows={rows} total={totals.visits} />
}
