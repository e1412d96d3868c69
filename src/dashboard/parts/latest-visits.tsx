import type { Visit } from '../../client/index.js'
import type { LatestVisits as Latest } from '../api/latest.js'
import { formatAgo, formatExactTime, instantOfWall } from '../format.js'
import { hrefOf } from '../location.js'
import { texts } from '../texts.js'
import { Card } from './card.js'
import { ProblemNote } from './problem-note.js'
import { Skeleton } from './skeleton.js'
import { agentText, placeText } from './visit-text.js'

interface LatestVisitsProps extends Latest {
  titleOf: (linkId: string) => string | undefined
  now: Date
}

/** Who has just come, newest on top. */
export function LatestVisits({ visits, problem, titleOf, now }: LatestVisitsProps) {
  return (
    <Card title={texts.visits.latest} class="latest-card">
      <ProblemNote problem={problem} />
      {visits === undefined && <Skeleton height={260} />}
      {visits?.length === 0 && problem === undefined && <p class="soft">{texts.visits.noneYet}</p>}
      {visits !== undefined && visits.length > 0 && (
        <div class="latest">
          <ol>
            {visits.map((visit) => (
              <Row key={visit.id} visit={visit} title={titleOf(visit.link_id)} now={now} />
            ))}
          </ol>
        </div>
      )}
    </Card>
  )
}

function Row({ visit, title, now }: { visit: Visit; title: string | undefined; now: Date }) {
  const at = instantOfWall(visit.created_at)
  return (
    <li class="latest-visit">
      <span class="latest-place">{placeText(visit)}</span>
      <time class="soft" dateTime={at.toISOString()} title={formatExactTime(at)}>
        {formatAgo(at, Math.max(now.getTime(), at.getTime()))}
      </time>
      <span class="latest-link">
        <a href={hrefOf(['links', visit.link_id])}>{title || texts.visits.linkName(visit.link_id)}</a>
        <span class="soft"> · {agentText(visit)}</span>
      </span>
    </li>
  )
}
