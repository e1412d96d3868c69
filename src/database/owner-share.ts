/** What part of the pool an owner has, so that whatever is asked in its name, the others are answered. */
import type pg from 'pg'
import type { PoolClient } from 'pg'
import { isLockTimeout } from './errors.js'
import type { Database } from './open.js'
import type { Transacting } from './transaction.js'

/** The owner's other requests have all the connections that it may have, and go on having them. */
export class OwnerBusyError extends Error {
  override readonly name = 'OwnerBusyError'
}

export interface OwnerShare extends Transacting {
  pool: Pick<PoolClient, 'query'> & { connect(): Promise<PoolClient> }
}

/** How long a request waits for those of the same owner before it, and how many wait. */
const waitLimitMs = 60_000
const mostWaiting = 500

/** For an owner's reads that may take long: half of the pool's connections at most, and whoever comes then waits. */
export function readerOf({ pool, begin }: Database, ownerId: number): OwnerShare {
  const { share } = placesOf(pool)
  const query = async (...given: unknown[]) => {
    await share.take(ownerId)
    try {
      return await Reflect.apply(pool.query, pool, given)
    } finally {
      share.give(ownerId)
    }
  }
  return { begin, pool: { connect: () => connectIn(pool, ownerId, [share]), query: query as PoolClient['query'] } }
}

/**
 * For an owner's writes, which lock it: one at a time, within the same half. In PostgreSQL they would wait for each other as well, each
 * with a connection. When one does not get the lock, those that wait for their turn do not wait for the same again.
 */
export function writerOf({ pool, begin }: Database, ownerId: number): Transacting {
  const { share, turns } = placesOf(pool)
  return {
    begin,
    pool: { connect: () => connectIn(pool, ownerId, [turns, share]) },
    onRollback: (error) => {
      if (isLockTimeout(error)) turns.refuse(ownerId, error)
    },
  }
}

async function connectIn(pool: pg.Pool, ownerId: number, places: Places[]): Promise<PoolClient> {
  const taken: Places[] = []
  const giveBack = () => {
    for (const place of taken.splice(0)) place.give(ownerId)
  }
  try {
    for (const place of places) {
      await place.take(ownerId)
      taken.push(place)
    }
    const client = await pool.connect()
    // The pool makes another one each time it gives a client away.
    const { release } = client
    client.release = (broken) => {
      release(broken)
      giveBack()
    }
    return client
  } catch (error) {
    giveBack()
    throw error
  }
}

const places = new WeakMap<pg.Pool, { share: Places; turns: Places }>()

function placesOf(pool: pg.Pool): { share: Places; turns: Places } {
  const known = places.get(pool)
  if (known !== undefined) return known
  const half = Math.max(1, Math.floor((pool.options.max ?? 10) / 2))
  const made = { share: new Places(half), turns: new Places(1) }
  places.set(pool, made)
  return made
}

interface Waiting {
  enter: () => void
  refuse: (error: unknown) => void
}

/** As many for each owner, given in the order in which they were asked for. */
class Places {
  readonly #most: number
  readonly #owners = new Map<number, { taken: number; waiting: Set<Waiting> }>()

  constructor(most: number) {
    this.#most = most
  }

  /** @throws OwnerBusyError after a while, and what `refuse` is told */
  async take(ownerId: number): Promise<void> {
    const owner = this.#owners.get(ownerId) ?? { taken: 0, waiting: new Set() }
    this.#owners.set(ownerId, owner)
    if (owner.taken < this.#most) {
      owner.taken += 1
      return
    }
    if (owner.waiting.size >= mostWaiting) throw new OwnerBusyError('too many wait already')
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => waiting.refuse(new OwnerBusyError('no turn came in time')), waitLimitMs)
      const leave = () => {
        clearTimeout(timer)
        owner.waiting.delete(waiting)
      }
      const waiting: Waiting = {
        enter: () => {
          leave()
          resolve()
        },
        refuse: (error) => {
          leave()
          reject(error)
        },
      }
      owner.waiting.add(waiting)
    })
  }

  give(ownerId: number): void {
    const owner = this.#owners.get(ownerId)
    if (owner === undefined) return
    const [next] = owner.waiting
    if (next === undefined) owner.taken -= 1
    else next.enter()
    if (owner.taken === 0) this.#owners.delete(ownerId)
  }

  /** Ends the waiting of all who wait now. */
  refuse(ownerId: number, error: unknown): void {
    for (const waiting of this.#owners.get(ownerId)?.waiting ?? []) waiting.refuse(error)
  }
}
