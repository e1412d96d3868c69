/** A person that a link was sent to. */
export interface Recipient {
  /** 1, 2, 3 … in its link. */
  id: number
  /** null: the person was erased. */
  token: string | null
  messageId: string | null
  mobile: string | null
  /** What the number is compared by (mobile.ts). */
  mobileKey: string | null
  /** Who gave the number without being allowed to see any; null: somebody who is, or nobody knows. */
  sender: string | null
  sentAt: Date | null
  visits: number
  humanVisits: number
  /** Of visits by a person. */
  firstVisit: Date | null
  lastVisit: Date | null
  createdAt: Date
}

export interface RecipientRow {
  id: string
  token: string | null
  message_id: string | null
  mobile: string | null
  mobile_key: string | null
  sender: string | null
  sent_at: Date | null
  visits: string
  human_visits: string
  first_visit: Date | null
  last_visit: Date | null
  created_at: Date
}

/** SELECT list of `recipients r`. */
export const recipientColumns =
  'r.id, r.token, r.message_id, r.mobile, r.mobile_key, r.sender, r.sent_at, r.visits, r.human_visits, r.first_visit, r.last_visit, r.created_at'

export function recipientOf(row: RecipientRow): Recipient {
  return {
    id: Number(row.id),
    token: row.token,
    messageId: row.message_id,
    mobile: row.mobile,
    mobileKey: row.mobile_key,
    sender: row.sender,
    sentAt: row.sent_at,
    visits: Number(row.visits),
    humanVisits: Number(row.human_visits),
    firstVisit: row.first_visit,
    lastVisit: row.last_visit,
    createdAt: row.created_at,
  }
}
