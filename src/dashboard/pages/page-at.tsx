import { isOverview, linkIdOf, type Place } from '../location.js'
import { Empty } from '../parts/empty.js'
import { Title } from '../parts/title.js'
import { texts } from '../texts.js'
import { DeliveriesPage } from './deliveries.js'
import { DeveloperPage } from './developer.js'
import { LinkPage } from './link.js'
import { LinksPage } from './links.js'
import { OverviewPage } from './overview.js'
import { RecipientsPage } from './recipients.js'

/** The page of a place. Its key changes where another page begins, so that nothing of the one before is left. */
export function pageAt(place: Place) {
  const { path } = place
  const [section] = path
  const linkId = linkIdOf(place)
  if (isOverview(place)) return <OverviewPage key="overview" />
  if (section === 'links' && path.length <= 1) return <LinksPage key="links" />
  if (section === 'links' && path[2] === 'recipients')
    return <RecipientsPage key={path.join('/')} linkId={Number(path[1])} />
  if (linkId !== null) return <LinkPage key={path.join('/')} id={linkId} />
  if (section === 'developer' && path.length <= 1) return <DeveloperPage key="developer" />
  if (section === 'developer' && path[1] === 'webhooks' && path[2] !== undefined)
    return <DeliveriesPage key={path.join('/')} webhookId={path[2]} />
  return (
    <div key={path.join('/')}>
      <Title text={texts.nowhere.title} />
      <Empty title={texts.nowhere.title} text={texts.nowhere.text} />
    </div>
  )
}
