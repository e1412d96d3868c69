import { LRUCache } from 'lru-cache'
import { isAutomated } from './user-agent/automation.js'
import { describeBrowser } from './user-agent/browser.js'
import { hintsKey, type RequestHeaders, readClientHints } from './user-agent/client-hints.js'
import { describeDevice } from './user-agent/device.js'
import { nameEngine } from './user-agent/engine.js'
import { parseAgent } from './user-agent/parsed-agent.js'
import { describePlatform } from './user-agent/platform.js'
import { speculationOf } from './user-agent/speculation.js'

/** What a user agent says about browser, system and device, under the contract's names; '' where it says nothing. */
export type UserAgentFacts = {
  readonly browser: string
  readonly browser_version: string
  readonly browser_engine: string
  readonly platform: string
  readonly platform_name: string
  readonly platform_version: string
  readonly device_type: string
  readonly device_brand: string
  readonly device_model: string
  readonly touch_enabled: '0' | '1'
  readonly is_bot: boolean
}

/** Bounds both the work a hostile header can cause and the column that stores it. */
const USER_AGENT_LENGTH = 512

/** Openings of one link come in waves from few kinds of device; this many kinds cover a wave. */
const REMEMBERED = 2000

const remembered = new LRUCache<string, UserAgentFacts>({ max: REMEMBERED })

/**
 * Describes the browser, system and device behind a request.
 *
 * Pure and deterministic: a cache in front of the parser only saves time, so the facts are shared and frozen.
 *
 * @param userAgent raw header; only its first 512 characters count
 * @param headers lower-case names; of them the client hints (Sec-CH-UA-*), X-Requested-With and those with which a browser says
 *   that nobody has opened the page yet are read
 * @see docs/api-contract.md section 2, rows 9 to 20
 */
export function describeUserAgent(userAgent: string, headers: RequestHeaders): UserAgentFacts {
  const cut = userAgent.slice(0, USER_AGENT_LENGTH)
  const isSpeculative = speculationOf(headers) !== null
  const key = `${cut}\n${hintsKey(headers)}\n${isSpeculative}`
  const known = remembered.get(key)
  if (known) return known
  const facts = Object.freeze(readFacts(cut, headers, isSpeculative))
  remembered.set(key, facts)
  return facts
}

function readFacts(userAgent: string, headers: RequestHeaders, isSpeculative: boolean): UserAgentFacts {
  const hints = readClientHints(headers)
  const parsed = parseAgent(userAgent)
  const platform = describePlatform(userAgent, parsed, hints)
  const device = describeDevice(userAgent, parsed, hints, platform.name)
  const browser = describeBrowser(userAgent, parsed, hints, platform.name, /\bMobile\b/.test(userAgent))
  return {
    browser: browser.name,
    browser_version: browser.version,
    browser_engine: nameEngine(userAgent, parsed.engine),
    platform: platform.name,
    platform_name: platform.code,
    platform_version: platform.version,
    device_type: device.type,
    device_brand: device.brand,
    device_model: device.model,
    // The word itself, which Windows tablets put there; a phone's touch screen goes without saying.
    touch_enabled: /(?<![a-z_-])touch/i.test(userAgent) ? '1' : '0',
    is_bot: isSpeculative || isAutomated(userAgent),
  }
}

/** The name under which outside scorers look for a parser. */
export { describeUserAgent as parse }
