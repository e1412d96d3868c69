/** What the server wrote into the page. */
const { api = '', zone = 'UTC' } = document.documentElement.dataset

/** Where the API is: the page's own server, below the path that it may be behind. */
export const apiUrl = location.origin + api

/** IANA zone of times that have none on the wire. */
export const serverZone = zone

/** IANA zone of the person who looks. */
export const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'
