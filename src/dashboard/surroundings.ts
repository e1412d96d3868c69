/** What the server wrote into the page. */
const { api = '', zone = 'UTC', heartbeat = '' } = document.documentElement.dataset

/** Where the API is: the page's own server, below the path that it may be behind. */
export const apiUrl = location.origin + api

/** IANA zone of times that have none on the wire. */
export const serverZone = zone

/** How often a stream without visits says that it is alive. */
export const heartbeatMs = Number(heartbeat)

/** Not in TypeScript's library yet, nor in every browser. */
const { Temporal } = globalThis as { Temporal?: { Now: { timeZoneId(): string } } }

/** IANA zone of the person who looks. Temporal knows it at once; Intl, when it is first used, takes a slow device a fifth of a second. */
export const ownZone =
  Temporal?.Now.timeZoneId() ?? (new Intl.DateTimeFormat('en-GB').resolvedOptions().timeZone || 'UTC')
