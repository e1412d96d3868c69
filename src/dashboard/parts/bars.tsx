import { formatNumber, formatShare } from '../numbers.js'
import { texts } from '../texts.js'

export interface BarRow {
  name: string
  /** Said by name only, in a softer colour: unknown, or all others. */
  isSoft?: boolean
  /** Many values together: as a bar it would say that it is the first of them. */
  isRest?: boolean
  people: number
  bots: number
  /** Of the people's visits. */
  suspected: number
  /** Where a click leads. */
  href?: string | undefined
  isChosen?: boolean
}

interface BarsProps {
  label: string
  rows: BarRow[]
  /** Of which shares are shares. */
  total: number
}

/** How many visits have each of a few values, as bars whose ends are people and bots. The text says the same. */
export function Bars({ label, rows, total }: BarsProps) {
  const most = Math.max(1, ...rows.map(({ people, bots, isRest }) => (isRest ? 0 : people + bots)))
  return (
    <ul class="bars" aria-label={label}>
      {rows.map((row) => (
        <li key={row.name}>
          <Bar row={row} most={most} total={total} />
        </li>
      ))}
    </ul>
  )
}

function Bar({ row, most, total }: { row: BarRow; most: number; total: number }) {
  const { name, people, bots, suspected, href, isChosen = false, isSoft = false, isRest = false } = row
  const width = (count: number) => ({ width: `${(100 * count) / most}%` })
  const content = (
    <>
      <span class={isSoft ? 'bar-name soft' : 'bar-name'}>{name}</span>
      <span class="bar-count">{formatNumber(people + bots)}</span>
      <span class="bar-share">{formatShare(people + bots, total)}</span>
      {!isRest && (
        <span class="bar-track" aria-hidden="true">
          <span class="bar-people" style={width(people)} />
          <span class="bar-bots" style={width(bots)} />
        </span>
      )}
      {bots > 0 && <span class="unseen">{texts.charts.ofBots(formatNumber(bots))}</span>}
      {suspected > 0 && <span class="unseen">{texts.charts.ofSuspects(formatNumber(suspected))}</span>}
    </>
  )
  if (href === undefined) return <span class="bar">{content}</span>
  return (
    <a class={isChosen ? 'bar chosen' : 'bar'} href={href} aria-current={isChosen ? 'true' : undefined} title={name}>
      {content}
    </a>
  )
}
