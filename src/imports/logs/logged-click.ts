import { v5 as uuidv5 } from 'uuid'
import { anonymizeAddress, normalizeAddress } from '../../capture/addresses.js'
import { storedAgent } from '../../capture/agent.js'
import { cutText } from '../../capture/cut-text.js'
import type { Locator } from '../../capture/location.js'
import { nowhere, placeOf } from '../../capture/place.js'
import { botReason, verdict } from '../../capture/policy.js'
import { describeUserAgent } from '../../capture/user-agent.js'
import { plainAddress } from '../../http/proxy-headers.js'
import type { NewVisit, Place } from '../../visits/visit.js'
import { countryCodeOf } from './country-names.js'

/** What another program's log knows of a click. Unknown is null. */
export interface LoggedClick {
  /** Of the short URL; null where none is named, or none was opened. */
  code: string | null
  openedAt: Date
  scheme: string | null
  host: string | null
  queryString: string | null
  userAgent: string
  /** Whatever stands in its place. */
  clientIp: string | null
  /** The other program took it for a machine. */
  isBot: boolean
  referer: string | null
  country: string | null
  countryCode: string | null
  region: string | null
  city: string | null
  /** What tells it from other clicks on the link, in every file that has it. */
  identity: string[]
}

export interface ClickReading {
  locator: Pick<Locator, 'ready' | 'locate'>
  /** Addresses are stored without their host part, as those of clicks here are. */
  anonymize: boolean
}

/** Of ids made from what a log says (RFC 9562 section 5.5). */
const namespace = '3f0a8e52-6d0b-4f5e-9c0b-2f6d4f2f6a11'

/**
 * A logged click becomes a visit, described as a click here would be. Its id is made from what the log says, so that the same
 * click is known again in another file.
 */
export async function visitOfClick(
  click: LoggedClick,
  program: string,
  linkId: number,
  { locator, anonymize }: ClickReading,
): Promise<NewVisit> {
  const { openedAt, scheme, host, queryString, userAgent, referer } = click
  const clientIp = click.clientIp === null ? null : normalizeAddress(plainAddress(click.clientIp))
  if (clientIp !== null) await locator.ready(clientIp)
  const headers = { 'user-agent': userAgent }
  const isProgram = click.isBot || describeUserAgent(userAgent, {}).is_bot
  const suspect = { method: 'GET', headers, isProgram, openedAt, sentAt: null, isFromScanners: false }
  const { isBot, options } = verdict(botReason(suspect))
  return {
    id: uuidv5(JSON.stringify([program, linkId, ...click.identity]), namespace),
    visitId: null,
    linkId,
    createdAt: openedAt,
    recipientId: null,
    clientIp: clientIp !== null && anonymize ? anonymizeAddress(clientIp) : clientIp,
    scheme,
    host: cut(host, 255),
    queryString: cut(queryString, longestText),
    browserLang: null,
    resolution: null,
    userAgent: storedAgent(userAgent, {}),
    place: placeOfClick(click, clientIp === null ? null : locator.locate(clientIp)),
    isBot,
    // No column of a visit holds it.
    options: referer === null ? options : { referer: cut(referer, longestText), ...options },
  }
}

const longestText = 2048

function cut(text: string | null, longest: number): string | null {
  return text === null ? null : cutText(text, longest).toWellFormed()
}

/** What the log knew at the time counts; what it says less of, the address of the visitor may tell. */
function placeOfClick({ country, countryCode, region, city }: LoggedClick, located: Place | null): Place | null {
  const code = countryCode?.toUpperCase() ?? (country === null ? null : countryCodeOf(country))
  const isLocated = located !== null && (code === null || located.countryCode === code)
  if (isLocated && country === null && region === null && city === null) return located
  if (code === null && country === null && region === null && city === null) return null
  const said = placeOf({ country_code: code ?? '', state1: cut(region, 255) ?? '', city: cut(city, 255) ?? '' })
  return { ...nowhere, ...said, country: said?.country ?? cut(country, 255) }
}

/** Clicks of which the log says the same are told apart by their number: the second has another id than the first. */
export function distinctIds(): (visit: NewVisit) => NewVisit {
  let moment = Number.NaN
  const seen = new Map<string, number>()
  // They come in the order of their time, so equal ones come together.
  return (visit) => {
    if (visit.createdAt.getTime() !== moment) seen.clear()
    moment = visit.createdAt.getTime()
    const nth = (seen.get(visit.id) ?? 0) + 1
    seen.set(visit.id, nth)
    return nth === 1 ? visit : { ...visit, id: uuidv5(String(nth), visit.id) }
  }
}
