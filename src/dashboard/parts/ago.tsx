import { formatAgo, formatExactTime, instantOfWall } from '../format.js'

/** How long ago a time of the wire was: `2026-11-23 05:14:52` in the server's zone, or ISO 8601. */
export function Ago({ wall }: { wall: string }) {
  const instant = wall.includes('T') ? new Date(wall) : instantOfWall(wall)
  return (
    <time dateTime={instant.toISOString()} title={formatExactTime(instant)}>
      {formatAgo(instant)}
    </time>
  )
}
