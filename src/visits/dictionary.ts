/**
 * User agents and places are stored once for each owner, under a number made from their content: no lookup before
 * writing, no sequence to share, and the same content has the same number in every process.
 */
import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Place, UserAgent } from './visit.js'

/** Rows of user_agents and places that a batch refers to and that this process has not seen stored yet. */
export interface NewEntries {
  userAgents: object[]
  places: object[]
}

/** Knows which entries are stored, so that a batch carries only new ones. */
export class Dictionary {
  readonly #stored = new LRUCache<string, true>({ max: 200_000 })

  /** Entries of `agents` and `places` that may be missing in the database. */
  missing(ownerId: number, agents: Iterable<UserAgent>, places: Iterable<Place>): NewEntries {
    const entries: NewEntries = { userAgents: [], places: [] }
    for (const agent of new Set(agents)) {
      const id = userAgentId(agent)
      if (!this.#stored.has(`${ownerId}/${id}`)) entries.userAgents.push({ id, ...userAgentRow(agent) })
    }
    for (const place of new Set(places)) {
      const id = placeId(place)
      if (!this.#stored.has(`${ownerId}/${id}`)) entries.places.push({ id, ...placeRow(place) })
    }
    return entries
  }

  /** To be called after the commit: before it, another batch could rely on rows that are rolled back. */
  remember(ownerId: number, { userAgents, places }: NewEntries): void {
    for (const entry of [...userAgents, ...places]) this.#stored.set(`${ownerId}/${(entry as { id: string }).id}`, true)
  }

  forget(): void {
    this.#stored.clear()
  }
}

export const userAgentId = (agent: UserAgent): string => contentId(agent, userAgentRow)

export const placeId = (place: Place): string => contentId(place, placeRow)

const ids = new WeakMap<object, string>()

/** The first 63 bits of SHA-256 over the row, as text. Capture hands in the same frozen object again and again. */
function contentId<T extends object>(content: T, row: (content: T) => object): string {
  const known = ids.get(content)
  if (known !== undefined) return known
  const digest = createHash('sha256')
    .update(JSON.stringify(row(content)))
    .digest()
  const id = (digest.readBigUInt64BE() >> 1n).toString()
  ids.set(content, id)
  return id
}

function userAgentRow(agent: UserAgent) {
  return {
    user_agent: agent.userAgent,
    hints: agent.hints,
    browser: agent.browser,
    browser_version: agent.browserVersion,
    browser_engine: agent.browserEngine,
    platform: agent.platform,
    platform_version: agent.platformVersion,
    platform_name: agent.platformName,
    device_type: agent.deviceType,
    device_brand: agent.deviceBrand,
    device_model: agent.deviceModel,
    touch_enabled: agent.touchEnabled,
  }
}

function placeRow(place: Place) {
  return {
    country: place.country,
    country_code: place.countryCode,
    region: place.region,
    city: place.city,
    zipcode: place.zipcode,
    latitude: place.latitude,
    longitude: place.longitude,
    timezone: place.timezone,
  }
}
