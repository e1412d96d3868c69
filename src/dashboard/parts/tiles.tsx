import type { ComponentChildren } from 'preact'
import type { Statistics } from '../api/statistics.js'
import { formatNumber, formatShare } from '../format.js'
import { texts } from '../texts.js'

interface TileProps {
  name: string
  /** undefined: on its way. */
  value: number | undefined
  note?: ComponentChildren
  mark?: 'people' | 'bots' | 'live'
}

export function Tile({ name, value, note, mark }: TileProps) {
  return (
    <div class="tile">
      <dt>
        {mark !== undefined && <span class={`swatch ${mark}`} aria-hidden="true" />}
        {name}
      </dt>
      <dd class="tile-value">{value === undefined ? <span class="skeleton line" /> : formatNumber(value)}</dd>
      <dd class="tile-note">{note ?? ' '}</dd>
    </div>
  )
}

/** The numbers above the pictures. */
export function Tiles({
  totals,
  children,
}: {
  totals: Statistics['totals'] | undefined
  children?: ComponentChildren
}) {
  const t = texts.totals
  const share = (part: number | undefined) =>
    totals !== undefined && part !== undefined && t.share(formatShare(part, totals.visits))
  return (
    <dl class="tiles">
      {children}
      <Tile name={t.visits} value={totals?.visits} note={t.visitsNote} />
      <Tile name={t.people} value={totals?.people} note={share(totals?.people)} mark="people" />
      <Tile name={t.bots} value={totals?.bots} note={share(totals?.bots)} mark="bots" />
      <Tile name={t.unique} value={totals?.unique_visitors} note={t.uniqueNote} />
      {totals !== undefined && totals.recipients_sent > 0 && (
        <Tile
          name={t.reached}
          value={totals.recipients_reached}
          note={t.sent(
            formatNumber(totals.recipients_sent),
            formatShare(totals.recipients_reached, totals.recipients_sent),
          )}
        />
      )}
    </dl>
  )
}
