/** Every owner's visits are in one partition, so that one reader has them all, in order. */
export const partitions = 16

/** What things of one queue are called in NATS. */
export interface QueueNames {
  /** Visits that wait for the log. */
  stream: string
  /** Messages that will never be in the log. */
  refusedStream: string
  visits(partition: number): string
  refused(partition: number): string
  allVisits: string
  allRefused: string
  /** Where workers tell each other that they are there; kept nowhere. */
  workers: string
}

export function queueNames(stream: string): QueueNames {
  return {
    stream,
    refusedStream: `${stream}-refused`,
    visits: (partition) => `${stream}.visits.${partition}`,
    refused: (partition) => `${stream}.refused.${partition}`,
    allVisits: `${stream}.visits.*`,
    allRefused: `${stream}.refused.*`,
    workers: `${stream}.workers`,
  }
}

export function partitionOf(ownerId: number): number {
  return ownerId % partitions
}
