import { formatTime } from '../http/time.js'
import type { Recipient } from './recipient.js'

export interface RecipientView {
  /** Whole mobile numbers (scope visits:pii); otherwise the last three digits are `***`, as in visits. */
  pii: boolean
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
export function recipientResource(recipient: Recipient, { pii, timeText, shortBase }: RecipientView) {
  const { mobile } = recipient
  const time = (instant: Date | null) => instant && timeText(instant)
  return {
    id: recipient.id,
    token: recipient.token,
    short_url: recipient.token && `${shortBase}/${recipient.token}`,
    message_id: recipient.messageId,
    mobile: pii || mobile === null ? mobile : `${mobile.slice(0, -3)}***`,
    sent_at: time(recipient.sentAt),
    visits: recipient.visits,
    human_visits: recipient.humanVisits,
    first_visit: time(recipient.firstVisit),
    last_visit: time(recipient.lastVisit),
    created_at: time(recipient.createdAt),
  }
}
