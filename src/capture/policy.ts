import type { IncomingHttpHeaders } from 'node:http'
import { LRUCache } from 'lru-cache'
import { isPreviewAgent } from './user-agent/previews.js'
import { speculationOf } from './user-agent/speculation.js'

/** Why a visit is not a person's. */
export type BotReason = 'head' | 'prefetch' | 'preview' | 'user_agent' | 'just_sent' | 'network'

/** What the verdict is made of. */
export interface Suspect {
  method: string
  headers: IncomingHttpHeaders
  /** The user agent names a program. */
  isProgram: boolean
  openedAt: Date
  /** When the message went out, where its sender said so. */
  sentAt: Date | null
  /** It came from a network that scanners come from. */
  isFromScanners: boolean
}

/** What becomes of a visit from a network of scanners: nothing, it is marked and stays a person's, or it is a bot's. */
export type NetworkPolicy = 'off' | 'mark' | 'bot'

/** Nobody gets a message, reads it and opens its link within this time. Clocks may differ by as much. */
const quickestPersonMs = 2000

/** Gateways open links before they deliver a message, which takes them longer. */
const slowestGatewayMs = 60_000

/**
 * What is it? The verdict on a click: null for a person, else the first reason that holds, the surest first. Bots are told
 * apart, never dropped.
 */
export function botReason(
  { method, headers, isProgram, openedAt, sentAt, isFromScanners }: Suspect,
  networkPolicy: NetworkPolicy = 'mark',
): BotReason | null {
  if (method === 'HEAD') return 'head'
  const speculation = speculationOf(headers)
  if (speculation !== null) return speculation
  if (isPreview(headers['user-agent'] ?? '')) return 'preview'
  if (isProgram) return 'user_agent'
  const isScanners = isFromScanners && networkPolicy !== 'off'
  const tooQuickMs = isScanners ? slowestGatewayMs : quickestPersonMs
  if (sentAt !== null && Math.abs(openedAt.getTime() - sentAt.getTime()) <= tooQuickMs) return 'just_sent'
  return isScanners && networkPolicy === 'bot' ? 'network' : null
}

/** What is stored with a visit: null for a person's whom nothing speaks against. */
export function verdict(reason: BotReason | null, isSuspect = false): { isBot: boolean; options: object | null } {
  if (reason !== null) return { isBot: true, options: { bot: true, bot_reason: reason } }
  return { isBot: false, options: isSuspect ? { suspect: 'network' } : null }
}

/** Browsers that fetch pages through their makers' servers, which stand in clouds: people, wherever they seem to come from. */
export const cloudBrowsers: ReadonlySet<string> = new Set([
  'Mobile Silk',
  'Opera Mini',
  'Puffin Web Browser',
  'UC Browser Mini',
])

const previews = new LRUCache<string, boolean>({ max: 2_000 })

function isPreview(userAgent: string): boolean {
  const known = previews.get(userAgent)
  if (known !== undefined) return known
  const found = isPreviewAgent(userAgent.slice(0, 512))
  previews.set(userAgent, found)
  return found
}
