import type { IncomingHttpHeaders } from 'node:http'
import { LRUCache } from 'lru-cache'
import { isPreviewAgent } from './user-agent/previews.js'
import { speculationOf } from './user-agent/speculation.js'

/** Why a visit is not a person's. */
export type BotReason = 'head' | 'prefetch' | 'preview' | 'user_agent' | 'just_sent'

/** What the verdict is made of. */
export interface Suspect {
  method: string
  headers: IncomingHttpHeaders
  /** The user agent names a program. */
  isProgram: boolean
  openedAt: Date
  /** When the message went out, where its sender said so. */
  sentAt: Date | null
}

/** Nobody gets a message, reads it and opens its link within this time. Clocks may differ by as much. */
const quickestPersonMs = 2000

/**
 * What is it? The verdict on a click: null for a person, else the first reason that holds, the surest first. Bots are told
 * apart, never dropped.
 */
export function botReason({ method, headers, isProgram, openedAt, sentAt }: Suspect): BotReason | null {
  if (method === 'HEAD') return 'head'
  const speculation = speculationOf(headers)
  if (speculation !== null) return speculation
  if (isPreview(headers['user-agent'] ?? '')) return 'preview'
  if (isProgram) return 'user_agent'
  if (sentAt !== null && Math.abs(openedAt.getTime() - sentAt.getTime()) <= quickestPersonMs) return 'just_sent'
  return null
}

/** What is stored with a visit: null for a person's. */
export function verdict(reason: BotReason | null): { isBot: boolean; options: object | null } {
  return reason === null ? { isBot: false, options: null } : { isBot: true, options: { bot: true, bot_reason: reason } }
}

const previews = new LRUCache<string, boolean>({ max: 2_000 })

function isPreview(userAgent: string): boolean {
  const known = previews.get(userAgent)
  if (known !== undefined) return known
  const found = isPreviewAgent(userAgent.slice(0, 512))
  previews.set(userAgent, found)
  return found
}
