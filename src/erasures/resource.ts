import type { Erasure } from './erasure.js'

/**
 * What an erasure has blanked, as the request for it is answered.
 *
 * @param seesNumbers whether whoever asks may see whole numbers: how much there was of one tells whether it is somebody's
 */
export function erasedResource({ id, erasedAt, recipients, visits }: Erasure, seesNumbers: boolean) {
  const counts = seesNumbers ? { recipients, visits } : { recipients: null, visits: null }
  return { id, erased_at: shownTime(erasedAt), ...counts }
}

/** An erasure as the list shows it. The hash is the same for the same number: who tries out numbers could compare. */
export function erasureResource(erasure: Erasure, seesNumbers: boolean) {
  return {
    ...erasedResource(erasure, seesNumbers),
    created_at: shownTime(erasure.createdAt),
    access_token_id: erasure.tokenId,
    mobile_hash: seesNumbers ? erasure.mobileHash.toString('hex') : null,
  }
}

/** As access tokens show their times. */
function shownTime(time: Date | null): string | null {
  return time === null ? null : time.toISOString().replace('Z', '000Z')
}
