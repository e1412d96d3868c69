import createClient, { type Client, type ClientOptions } from 'openapi-fetch'
import type { components, paths } from './schema.js'

export type { components, operations, paths } from './schema.js'

export type Visit = components['schemas']['Visit']
export type Link = components['schemas']['Link']
export type Recipient = components['schemas']['Recipient']
export type AccessToken = components['schemas']['AccessToken']
export type Webhook = components['schemas']['Webhook']
/** What a webhook receives. */
export type VisitMessage = components['schemas']['VisitMessage']

/** All operations of the API by method and path, with the types of its document: `smartLink.GET('/link/urls/{id}', …)`. */
export type SmartLink = Client<paths>

export interface SmartLinkOptions extends Pick<ClientOptions, 'fetch'> {
  /** Where the server is, such as https://api.example.com. */
  baseUrl: string
  /** An access token. */
  token: string
}

/**
 * A client of a Smart Link server, on openapi-fetch.
 *
 * Each call resolves with `data` or `error`, the whole envelope as the document has it, and `response`; it rejects only where
 * there is no answer at all.
 */
export function createSmartLink({ token, ...options }: SmartLinkOptions): SmartLink {
  return createClient<paths>({ ...options, headers: { Authorization: `Bearer ${token}` } })
}
