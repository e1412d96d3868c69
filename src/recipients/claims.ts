/** What a visit says about the person who made it, against what is known of the token. */
import type { MobileRule } from './mobile.js'

export interface RecipientClaim {
  linkId: number
  token: string
  messageId: string | null
  /** Whole, or with `***` for the last three digits. */
  mobile: string | null
}

/** A recipient as it will be stored. */
export interface KnownRecipient extends RecipientClaim {
  id: number
  isNew: boolean
  changed: boolean
}

/**
 * Takes from the claim what was not known yet.
 *
 * @returns the reason when claim and recipient cannot be the same person; nothing is changed then
 */
export function reconcile(known: KnownRecipient, claim: RecipientClaim, rule: MobileRule): string | null {
  const { messageId, mobile } = known
  if (messageId !== null && claim.messageId !== null && messageId !== claim.messageId)
    return `message_id contradicts the recipient with token ${claim.token}`
  if (mobile !== null && claim.mobile !== null && !isSameNumber(mobile, claim.mobile, rule))
    return `mobile contradicts the recipient with token ${claim.token}`
  known.messageId = messageId ?? claim.messageId
  known.mobile =
    mobile === null || (claim.mobile !== null && rule.isMaskOf(mobile, claim.mobile)) ? claim.mobile : mobile
  known.changed ||= known.messageId !== messageId || known.mobile !== mobile
  return null
}

function isSameNumber(a: string, b: string, rule: MobileRule): boolean {
  return a === b || rule.keyOf(a) === rule.keyOf(b) || rule.isMaskOf(a, b) || rule.isMaskOf(b, a)
}
