import { LRUCache } from 'lru-cache'
import type { UserAgent } from '../visits/visit.js'
import { cutText } from './cut-text.js'
import { type RequestHeaders, sentHints } from './user-agent/client-hints.js'
import { describeUserAgent, type UserAgentFacts } from './user-agent.js'

const agents = new LRUCache<UserAgentFacts, UserAgent>({ max: 2000 })

/** A request's user agent as the log stores it: unknown is null. The same facts give the same frozen object. */
export function storedAgent(userAgent: string, headers: RequestHeaders): UserAgent {
  const facts = describeUserAgent(userAgent, headers)
  const known = agents.get(facts)
  if (known !== undefined) return known
  const agent = Object.freeze({
    userAgent: cutText(userAgent, 512) || null,
    hints: sentHints(headers),
    browser: facts.browser || null,
    browserVersion: facts.browser_version || null,
    browserEngine: facts.browser_engine || null,
    platform: facts.platform || null,
    platformVersion: facts.platform_version || null,
    platformName: facts.platform_name || null,
    deviceType: facts.device_type || null,
    deviceBrand: facts.device_brand || null,
    deviceModel: facts.device_model || null,
    touchEnabled: facts.touch_enabled === '1',
  })
  agents.set(facts, agent)
  return agent
}
