import fc from 'fast-check'
import { expect, it } from 'vitest'
import { LostPlace, oldestFirst } from '../../src/imports/api/page-walk.js'
import type { Reached } from '../../src/imports/memory.js'

/** A list as the hosted service shows it: newest first, counted first and read afterwards. */
class GrowingList {
  /** Oldest first. */
  readonly ids: string[] = []
  reads = 0

  constructor(
    length: number,
    readonly perPage: number,
    /** How many items come before each count, and between count and reading; by turns, and none when it ends. */
    readonly arrivals: number[] = [],
  ) {
    this.grow(length)
  }

  grow(by: number): void {
    for (let nth = 0; nth < by; nth++) this.ids.push(String(this.ids.length + 1))
  }

  readPage = async (number: number) => {
    this.reads += 1
    this.grow(this.arrivals.shift() ?? 0)
    const total = this.ids.length
    this.grow(this.arrivals.shift() ?? 0)
    const newestFirst = this.ids.toReversed().slice((number - 1) * this.perPage, number * this.perPage)
    return { rows: newestFirst.map((id) => ({ id })), perPage: this.perPage, total }
  }
}

const nothing: Reached = { anchor: null, copied: 0 }

interface Run {
  ids: string[]
  reached: Reached
}

/** Copies until the end, or until it is stopped after so many blocks. */
async function run(
  list: GrowingList,
  start: Reached,
  mostRows: number,
  blocks = Number.POSITIVE_INFINITY,
): Promise<Run> {
  const ids: string[] = []
  let reached = start
  let left = blocks
  for await (const block of oldestFirst(list.readPage, start, mostRows)) {
    ids.push(...block.rows.map(({ id }) => id))
    reached = block.reached
    if (--left === 0) break
  }
  return { ids, reached }
}

/** The same, from the beginning when the place is lost. */
async function runOn(...[list, start, mostRows, blocks]: Parameters<typeof run>): Promise<Run> {
  return run(list, start, mostRows, blocks).catch((error) => {
    if (!(error instanceof LostPlace)) throw error
    return runOn(list, nothing, mostRows, blocks)
  })
}

const firstTimes = (ids: string[]) => [...new Set(ids)]
const arrivals = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 })

it('every item comes, the oldest first, whatever arrives meanwhile, and however often it is stopped', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(400),
      fc.constantFrom(1, 2, 7, 15),
      fc.integer({ min: 1, max: 120 }),
      arrivals,
      fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 6 }),
      async (length, perPage, mostRows, incoming, stops) => {
        const list = new GrowingList(length, perPage, incoming)
        const copied: string[] = []
        let reached = nothing
        for (const blocks of stops) {
          const part = await runOn(list, reached, mostRows, blocks)
          copied.push(...part.ids)
          reached = part.reached
        }
        const present = list.ids.length
        copied.push(...(await runOn(list, reached, mostRows)).ids)
        const order = firstTimes(copied)
        expect(order).toEqual(list.ids.slice(0, order.length))
        expect(order.length).toBeGreaterThanOrEqual(present)
      },
    ),
    { numRuns: 1000 },
  )
})

it('a list that stands still is read once: each page, and one more for each block at most', async () => {
  const list = new GrowingList(10_000, 15)
  const { ids } = await run(list, nothing, 2000)
  expect(ids).toEqual(list.ids)
  expect(list.reads).toBeLessThanOrEqual(Math.ceil(10_000 / 15) + 1 + 10_000 / 1500)
})

it('a list that fits on a page takes one request, also when it is asked for again', async () => {
  const list = new GrowingList(12, 15)
  const first = await run(list, nothing, 2000)
  expect([first.ids, list.reads]).toEqual([list.ids, 1])
  const again = await run(list, first.reached, 2000)
  expect([again.ids, list.reads]).toEqual([[], 2])
  list.grow(2)
  expect((await run(list, first.reached, 2000)).ids).toEqual(['13', '14'])
})

it('what was reached and is not there any more is no reason to stop', async () => {
  const list = new GrowingList(100, 15)
  const { reached } = await run(list, nothing, 30, 2)
  list.ids.splice(0, 70)
  const { ids } = await run(list, reached, 30)
  expect(ids).toEqual(expect.arrayContaining(list.ids))
})

it('what was reached and is far from its place is said, so that one can start anew', async () => {
  const list = new GrowingList(5000, 15)
  await expect(run(list, { anchor: 'other', copied: 4990 }, 30)).rejects.toThrow(LostPlace)
})
