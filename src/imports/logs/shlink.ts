import { parseInstant } from '../../http/dates.js'
import type { LogFormat } from './format.js'
import type { LoggedClick } from './logged-click.js'
import type { Cells } from './table.js'

/**
 * Visits as Shlink's command line exports them: `short-url:visits`, `tag:visits`, `domain:visits`, `visit:non-orphan` and
 * `visit:orphan`, each with `--format=csv`.
 *
 * The columns are those of module/CLI/src/Command/Visit/VisitsCommandUtils.php in shlinkio/shlink. Older ones: Referer, Date,
 * User agent, Country, City, and for some commands Short Url or Type. Newer ones: Date, Potential bot, User agent, Referer,
 * Country, Region, City, Visited URL, Redirect URL, Type. What is not known is empty or `Unknown`. Addresses of visitors are
 * not exported.
 */
export const shlink: LogFormat = {
  name: 'shlink',
  columns: {
    aliases: { referrer: 'referer' },
    required: ['date', 'useragent'],
    withoutHeader: () => null,
  },
  read: readVisit,
}

/** Visits of addresses that are no short URL (module/Core/src/Visit/Model/VisitType.php). */
const orphans = new Set(['base_url', 'invalid_short_url', 'regular_404'])

function readVisit(cells: Cells, zone: string): LoggedClick | string {
  const { date = '', type = '', useragent: userAgent = '', referer = '', potentialbot = '' } = cells
  const openedAt = parseInstant(date, zone)
  if (openedAt === null) return 'Date must be a time such as 2026-01-31T12:00:00+00:00'
  const visited = known(cells.visitedurl)
  const address = visited !== null && /^https?:/i.test(visited) && URL.canParse(visited) ? new URL(visited) : null
  const shortUrl = known(cells.shorturl) ?? visited
  return {
    code: orphans.has(type) || shortUrl === null ? null : codeOf(shortUrl),
    openedAt,
    scheme: address?.protocol.slice(0, -1) ?? null,
    host: address?.host ?? null,
    queryString: address?.search.slice(1) || null,
    userAgent,
    clientIp: null,
    isBot: !['', 'false', 'no', '0'].includes(potentialbot.toLowerCase()),
    referer: referer || null,
    country: known(cells.country),
    countryCode: null,
    region: known(cells.region),
    city: known(cells.city),
    // Not the place: Shlink may find it out later.
    identity: [openedAt.toISOString(), userAgent, referer],
  }
}

function known(cell: string | undefined): string | null {
  return cell === undefined || cell === '' || cell === 'Unknown' ? null : cell
}

/** The path of a short URL; that of its tracking pixel ends in `/track`. */
function codeOf(shortUrl: string): string | null {
  const path = URL.canParse(shortUrl) ? new URL(shortUrl).pathname : shortUrl
  return path.replace(/^\/+|\/+$/g, '').replace(/(?<=.)\/track$/, '') || null
}
