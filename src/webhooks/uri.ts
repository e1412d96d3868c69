/**
 * The address of a webhook. It may hold placeholders, as targets of links do (docs/api-contract.md sections 7 and 8), but only behind
 * the host: no visitor decides who is told.
 */
import { isIP } from 'node:net'
import { fillPlaceholders, type PlaceholderValues } from '../capture/placeholders.js'
import { holdsMobile } from '../links/mobile-placeholder.js'
import type { MayPost } from './addresses.js'

export const longestUri = 2048

/** What is wrong with an address for a webhook, as a sentence; null: nothing. */
export function uriProblem(text: string, mayPost: MayPost): string | null {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) {
    return 'The uri field must be a valid URL that begins with http:// or https://.'
  }
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') {
    return 'The uri field must not contain a user name or a password; there is secret for that.'
  }
  const host = hostOf(url)
  if (/[{}]/.test(host)) return 'The uri field must not have placeholders in its host.'
  // Other names are looked up when it is posted to, each time anew (names.ts).
  const isPrivate = isIP(host) === 0 ? /(^|\.)localhost\.?$/.test(host) && !mayPost('127.0.0.1') : !mayPost(host)
  return isPrivate ? 'The uri field must not lead to a private address.' : null
}

/** Where a request goes. */
export interface PostTarget {
  isSecure: boolean
  /** A name, or an address in its usual spelling, without brackets. */
  host: string
  port: number
  /** With the query. */
  path: string
}

/** The address of a webhook for one visit, its values URL-encoded. The fragment is not sent. */
export function postTarget(uri: string, values: PlaceholderValues): PostTarget {
  const url = new URL(uri)
  const isSecure = url.protocol === 'https:'
  const path = withBraces(url.pathname)
    .split('/')
    .map((segment) => fillSegment(segment, values))
    .join('/')
    .replaceAll('{', '%7B')
    .replaceAll('}', '%7D')
  const query = fillPlaceholders(withBraces(url.search), values)
  return { isSecure, host: hostOf(url), port: Number(url.port) || (isSecure ? 443 : 80), path: path + query }
}

/** Whether an address of a webhook has the recipient's number filled in. */
export function uriHoldsMobile(uri: string): boolean {
  return holdsMobile(withBraces(uri))
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '')
}

/** As they were before the URL was parsed. */
function withBraces(text: string): string {
  return text.replace(/%7B/gi, '{').replace(/%7D/gi, '}')
}

/** A value that says "one level up" would leave its place. */
function fillSegment(segment: string, values: PlaceholderValues): string {
  const filled = fillPlaceholders(segment, values)
  return filled !== segment && /^(?:\.|%2e){1,2}$/i.test(filled) ? '' : filled
}
