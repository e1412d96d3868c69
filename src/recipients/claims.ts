/** What a visit says about the person who made it, against what is known of the token. */

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
export function reconcile(known: KnownRecipient, claim: RecipientClaim): string | null {
  const { messageId, mobile } = known
  if (messageId !== null && claim.messageId !== null && messageId !== claim.messageId)
    return `message_id contradicts the recipient with token ${claim.token}`
  if (mobile !== null && claim.mobile !== null && !isSameNumber(mobile, claim.mobile))
    return `mobile contradicts the recipient with token ${claim.token}`
  known.messageId = messageId ?? claim.messageId
  known.mobile = mobile === null || (claim.mobile !== null && isMaskOf(mobile, claim.mobile)) ? claim.mobile : mobile
  known.changed ||= known.messageId !== messageId || known.mobile !== mobile
  return null
}

function isSameNumber(a: string, b: string): boolean {
  return a === b || isMaskOf(a, b) || isMaskOf(b, a)
}

function isMaskOf(masked: string, whole: string): boolean {
  return masked === `${whole.slice(0, -3)}***`
}
