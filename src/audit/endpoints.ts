/** What gives out personal data whole, by the name that the audit has for it: an operation of the API, or a command. */
export const endpoints = {
  listVisits: 'GET /link/urls/{id}/visits',
  followVisits: 'GET /link/urls/{id}/visits/feed',
  followAllVisits: 'GET /link/visits/feed',
  streamVisits: 'GET /link/urls/{id}/visits/stream',
  streamAllVisits: 'GET /link/visits/stream',
  exportVisits: 'GET /link/urls/{id}/visits/export',
  countVisits: 'GET /link/urls/{id}/visits/stats',
  countAllVisits: 'GET /link/visits/stats',
  listRecipients: 'GET /link/urls/{id}/recipients',
  createRecipients: 'POST /link/urls/{id}/recipients',
  'visits export': 'smart-link visits export',
} as const

export type AuditedOperation = keyof typeof endpoints

/** @param operation as it is stored; another version of the program may know others */
export function endpointOf(operation: string): string | null {
  return Object.hasOwn(endpoints, operation) ? endpoints[operation as AuditedOperation] : null
}
