import { formatTime } from '../http/time.js'
import { maskedMobile } from './masked.js'
import type { Recipient } from './recipient.js'

export interface RecipientView {
  /** Who gets numbers masked, their last three digits `***`, as in visits; null: whole ones (scope visits:pii). */
  sender: string | null
  /** Whether tokens, opened, lead to an address with the number: then only who gave a number gets its token with it masked. */
  leadsToMobile: boolean
  /** A time as the wire shows it. */
  timeText: (instant: Date) => string
  /** What comes before `/` and the token in a short URL. */
  shortBase: string
}

/**
 * Times of one answer in a zone. Most of its recipients were made in one moment, and to format a time takes as long as all the rest
 * of a recipient.
 */
export function timeTexts(zone: string): (instant: Date) => string {
  const known = new Map<number, string>()
  return (instant) => {
    const text = known.get(instant.getTime()) ?? formatTime(instant, zone)
    known.set(instant.getTime(), text)
    return text
  }
}

/** A recipient as the wire shows it. Counters are numbers here: no documented answer asks for texts. */
export function recipientResource(recipient: Recipient, { sender, leadsToMobile, timeText, shortBase }: RecipientView) {
  const { mobile } = recipient
  const isMasked = sender !== null && mobile !== null
  const token = isMasked && leadsToMobile && recipient.sender !== sender ? null : recipient.token
  const time = (instant: Date | null) => instant && timeText(instant)
  return {
    id: recipient.id,
    token,
    short_url: token && `${shortBase}/${token}`,
    message_id: recipient.messageId,
    mobile: isMasked ? maskedMobile(mobile) : mobile,
    sent_at: time(recipient.sentAt),
    visits: recipient.visits,
    human_visits: recipient.humanVisits,
    first_visit: time(recipient.firstVisit),
    last_visit: time(recipient.lastVisit),
    created_at: time(recipient.createdAt),
  }
}
