/** How many lanes are at work, altogether and for each webhook. */
export interface Slots {
  /** Whether one more fits in, for this webhook. */
  areFree(webhookId?: string | null): boolean
  left(): number
  /** Webhooks that have as many as one gets. */
  full(): string[]
  take(webhookId: string | null): void
  free(webhookId: string | null): void
}

/** One webhook gets a quarter of all. */
export function slotsOf(most: number): Slots {
  const mostOfOne = Math.ceil(most / 4)
  const taken = new Map<string | null, number>()
  let all = 0
  const add = (webhookId: string | null, change: 1 | -1) => {
    const count = (taken.get(webhookId) ?? 0) + change
    all += change
    if (count === 0) taken.delete(webhookId)
    else taken.set(webhookId, count)
  }
  return {
    areFree: (webhookId = null) => all < most && (webhookId === null || (taken.get(webhookId) ?? 0) < mostOfOne),
    left: () => most - all,
    full: () => [...taken].flatMap(([id, count]) => (id !== null && count >= mostOfOne ? [id] : [])),
    take: (webhookId) => add(webhookId, 1),
    free: (webhookId) => add(webhookId, -1),
  }
}
