import { instantOf } from '../../visits/files/wall-time.js'
import type { LogFormat } from './format.js'
import type { LoggedClick } from './logged-click.js'
import type { Cells } from './table.js'

/** The table as YOURLS creates it (includes/functions-install.php, functions-upgrade.php in YOURLS/YOURLS). */
const table = ['clickid', 'clicktime', 'shorturl', 'referrer', 'useragent', 'ipaddress', 'countrycode'] as const

/**
 * YOURLS' table of clicks, `yourls_log`, as phpMyAdmin and mysql export it, with a header or without.
 *
 * What YOURLS writes is in yourls_log_redirect (includes/functions.php): `direct` where there was no referrer, `-` where there was
 * no user agent, both without characters that are odd in them; the address of the visitor as a proxy names it; times of the clock
 * of PHP.
 */
export const yourls: LogFormat = {
  name: 'yourls',
  columns: {
    aliases: { referer: 'referrer' },
    required: ['clicktime', 'shorturl', 'useragent'],
    withoutHeader: (first) => {
      const start = first.slice(0, 2).findIndex((cell) => time.test(cell))
      const names = table.slice(start < 0 ? table.length : 1 - start)
      return first.length >= names.length && names.length > 1 ? names : null
    },
  },
  read: readClick,
}

const time = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/

function readClick(cells: Cells, zone: string): LoggedClick | string {
  const { clickid = '', clicktime = '', shorturl = '', referrer = '', useragent = '', ipaddress = '' } = cells
  const openedAt = instantOf(clicktime, zone)
  if (openedAt === null) return `click_time must be a time of the calendar in ${zone} such as 2026-01-31 12:00:00`
  const country = cells.countrycode ?? ''
  return {
    code: shorturl || null,
    openedAt,
    scheme: null,
    host: null,
    queryString: null,
    userAgent: useragent === '-' ? '' : useragent,
    clientIp: ipaddress.split(',')[0]?.trim() ?? '',
    isBot: false,
    referer: isNull(referrer) || referrer === 'direct' ? null : referrer,
    country: null,
    countryCode: /^[a-z]{2}$/i.test(country) ? country : null,
    region: null,
    city: null,
    identity: [clickid, openedAt.toISOString(), useragent, referrer, ipaddress],
  }
}

/** NULL as mysql and phpMyAdmin write it. */
function isNull(cell: string): boolean {
  return ['', 'NULL', '\\N'].includes(cell)
}
