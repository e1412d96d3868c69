import type { ComponentChildren } from 'preact'
import type { Statistics } from '../api/statistics.js'
import { formatNumber, formatShare } from '../numbers.js'
import { texts } from '../texts.js'

interface TileProps {
  name: string
  /** undefined: on its way, or not to be had. */
  value: number | undefined
  isMissing?: boolean
  note?: ComponentChildren
  mark?: 'people' | 'bots' | 'live'
}

export function Tile({ name, value, isMissing = false, note, mark }: TileProps) {
  return (
    <div class="tile">
      <dt>
        {mark !== undefined && <span class={`swatch ${mark}`} aria-hidden="true" />}
        {name}
      </dt>
      <dd class="tile-value">
        {value !== undefined ? formatNumber(value) : isMissing ? texts.totals.missing : <span class="skeleton line" />}
      </dd>
      <dd class="tile-note">{note ?? ' '}</dd>
    </div>
  )
}

interface TilesProps {
  totals: Statistics['totals'] | undefined
  isMissing: boolean
  children?: ComponentChildren
}

/** The numbers above the pictures. */
export function Tiles({ totals, isMissing, children }: TilesProps) {
  const t = texts.totals
  const share = (part: number | undefined) =>
    totals !== undefined && part !== undefined && t.share(formatShare(part, totals.visits))
  return (
    <dl class="tiles">
      {children}
      <Tile name={t.visits} value={totals?.visits} isMissing={isMissing} note={t.visitsNote} />
      <Tile
        name={t.people}
        value={totals?.people}
        isMissing={isMissing}
        note={
          <>
            {share(totals?.people)}
            {totals !== undefined && totals.suspected > 0 && (
              <span title={t.suspectedTitle}>, {t.suspectedNote(formatNumber(totals.suspected))}</span>
            )}
          </>
        }
        mark="people"
      />
      <Tile name={t.bots} value={totals?.bots} isMissing={isMissing} note={share(totals?.bots)} mark="bots" />
      <Tile name={t.unique} value={totals?.unique_visitors} isMissing={isMissing} note={t.uniqueNote} />
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
