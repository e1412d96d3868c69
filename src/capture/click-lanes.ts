/** What waits to be committed. */
export interface LaneItem {
  ownerId: number
  /** It waits no longer. */
  isSettled: boolean
}

interface Lane<Item> {
  ownerId: number
  waiting: Item[]
  /** When its commit in flight began. */
  since: number | null
}

export interface LaneOptions<Item> {
  /** Commits one owner's batch; never rejects. */
  commit: (ownerId: number, batch: Item[]) => Promise<void>
  /** Commits at once: each takes a connection. */
  lanes: number
  batchSize: number
  /** A commit in flight for longer is stuck. */
  stuckMs: number
}

/**
 * Group commit: clicks wait for the commit in flight of their owner, and when it returns, all that waited go together.
 *
 * One commit at a time for each owner, because an owner's batches lock each other out in the database anyway; owners take
 * turns.
 */
export class ClickLanes<Item extends LaneItem> {
  readonly #options: LaneOptions<Item>
  readonly #lanes = new Map<number, Lane<Item>>()
  /** Those that have something to commit and none in flight. */
  #ready: Lane<Item>[] = []
  #running = new Set<Lane<Item>>()
  #isStarting = false
  waiting = 0

  constructor(options: LaneOptions<Item>) {
    this.#options = options
  }

  push(click: Item): void {
    const { ownerId } = click
    let lane = this.#lanes.get(ownerId)
    if (lane === undefined) {
      lane = { ownerId, waiting: [], since: null }
      this.#lanes.set(ownerId, lane)
      this.#ready.push(lane)
    }
    lane.waiting.push(click)
    this.waiting += 1
    this.#startSoon()
  }

  /** Whether a click of this owner would wait for a commit that is stuck. */
  isStuck(ownerId: number): boolean {
    const lane = this.#lanes.get(ownerId)
    if (lane !== undefined && lane.since !== null) return this.#isLate(lane)
    return this.#running.size >= this.#options.lanes && [...this.#running].every((one) => this.#isLate(one))
  }

  #isLate({ since }: Lane<Item>): boolean {
    return since !== null && performance.now() - since > this.#options.stuckMs
  }

  /** After all requests that arrived together have been read, so that an idle server commits them together, too. */
  #startSoon(): void {
    if (this.#isStarting || this.#ready.length === 0) return
    this.#isStarting = true
    setImmediate(() => {
      this.#isStarting = false
      this.#start()
    })
  }

  #start(): void {
    while (this.#running.size < this.#options.lanes) {
      const lane = this.#ready.shift()
      if (lane === undefined) return
      void this.#run(lane)
    }
  }

  async #run(lane: Lane<Item>): Promise<void> {
    this.#running.add(lane)
    lane.since = performance.now()
    const taken = lane.waiting.splice(0, this.#options.batchSize)
    this.waiting -= taken.length
    // Some may have gone to the spool while they waited.
    const batch = taken.filter((click) => !click.isSettled)
    if (batch.length > 0) await this.#options.commit(lane.ownerId, batch)
    lane.since = null
    this.#running.delete(lane)
    if (lane.waiting.length > 0) this.#ready.push(lane)
    else this.#lanes.delete(lane.ownerId)
    this.#start()
  }
}
