import type { Erasure } from './erasure.js'

/** What an erasure has blanked, as the request for it is answered. */
export function erasedResource({ id, erasedAt, recipients, visits }: Erasure) {
  return { id, erased_at: shownTime(erasedAt), recipients, visits }
}

/** An erasure as the list shows it. The hash is the same for the same number, and tells it to nobody. */
export function erasureResource(erasure: Erasure) {
  return {
    ...erasedResource(erasure),
    created_at: shownTime(erasure.createdAt),
    access_token_id: erasure.tokenId,
    mobile_hash: erasure.mobileHash.toString('hex'),
  }
}

/** As access tokens show their times. */
function shownTime(time: Date | null): string | null {
  return time === null ? null : time.toISOString().replace('Z', '000Z')
}
