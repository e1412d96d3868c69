import { setImmediate as othersTurn } from 'node:timers/promises'
import type { PoolClient } from 'pg'
import { blockOf, chunkOf, type StoredPart } from './block.js'
import { addParts, neededWith } from './block-parts.js'
import { type MadeBlock, readParts, readSummaries } from './blocks.js'
import { type Chunk, chunkSize, GrowingChunk } from './chunk.js'
import { LogRows } from './log-rows.js'
import { PeopleSet } from './people-sets.js'
import { RememberedByFilter } from './remembered.js'
import type { Look, LookedAt, Seen } from './selection.js'
import type { SourceState, StatisticsSource } from './source.js'
import type { CountedPeople, Tally } from './tally.js'

/** Chunks that are read from the log in one go: a few dozen milliseconds. */
const mostFromLog = 16

/** Chunks whose parts are read by one statement. */
const partsAtOnce = 32

/** A chunk that is added to a tally. */
interface Step extends LookedAt {
  /** Parts that are not in memory. */
  missing: StoredPart[]
  people: CountedPeople
}

/**
 * What statistics have of a log in memory: the sums of its chunks, and the parts of these that were asked for.
 *
 * A chunk whose positions have all been given is read from its block. Where there is none yet, and at the end of the log, visits
 * are read from the log itself.
 */
export class Digest {
  readonly remembered: RememberedByFilter
  readonly #source: StatisticsSource
  readonly #size: number
  #rows = new LogRows()
  #chunks = new Map<number, Chunk>()
  /** Chunks whose visitors have their numbers. */
  #numbered = new Set<Chunk>()
  #made: MadeBlock[] = []
  readonly #seen = new PeopleSet()
  /** Of the chunks; null: not weighed since more was read. */
  #bytesOfChunks: number | null = 0
  #changes = 0
  #epoch = 0
  #first = 0
  /** Everything up to here has been read. */
  #end = 0

  /** @param size positions of a chunk: a multiple of 64, and no more than chunkSize */
  constructor(source: StatisticsSource, size: number = chunkSize) {
    this.#source = source
    this.#size = size
    this.remembered = new RememberedByFilter(size)
  }

  get facets() {
    return this.#rows.numbers.facets
  }

  get changes(): number {
    return this.#changes
  }

  /**
   * A set with nobody in it, until the next call: memory that is new for each answer costs more than to count what is in it. Not for
   * who reads a replica, which may be given up and still go on beside the next answer.
   */
  nobody(): PeopleSet {
    this.#seen.clear()
    return this.#seen
  }

  /** How many visitors there are, when all have been looked at. */
  get visitors(): number {
    return this.#rows.numbers.visitors.count
  }

  get bytes(): number {
    const { visitors, recipients } = this.#rows.numbers
    this.#bytesOfChunks ??= this.#weighChunks()
    return visitors.bytes + recipients.bytes + this.remembered.bytes + this.#seen.bytes + this.#bytesOfChunks
  }

  #weighChunks(): number {
    let bytes = 0
    for (const { runs, columns, parts } of this.#chunks.values()) {
      // With what is known of its times in a few zones (time-slots.ts).
      bytes += 5_000 + 8 * runs.quarters.length
      for (const { entries } of Object.values(columns)) bytes += 8 * entries.length
      for (const part of Object.values(parts)) bytes += part.byteLength
    }
    return bytes
  }

  get epoch(): number {
    return this.#epoch
  }

  isAt({ changes, epoch, first, last }: SourceState): boolean {
    const isSame = this.#changes === changes && this.#epoch === epoch && this.#first === first
    return isSame && this.#end === last
  }

  /** Whether it has read more than a state of the log has: of a server that is behind. */
  isPast({ epoch, last }: SourceState): boolean {
    return this.#epoch === epoch && this.#end > last
  }

  /** How many positions of a log it has read. */
  readOf({ epoch, changes, first }: SourceState): number {
    const isSame = this.#changes === changes && this.#epoch === epoch && this.#first === first
    return isSame ? this.#end - first + 1 : 0
  }

  /**
   * Reads what has come since, from blocks as far as there are any.
   *
   * @param client in a transaction that sees one state of the log, which is `state`
   * @param mostChunks that are read from the log
   * @returns whether it has come to the end; otherwise there is more to be read from the log
   */
  async follow(client: PoolClient, state: SourceState, mostChunks = mostFromLog): Promise<boolean> {
    const isSame = state.changes === this.#changes && state.epoch === this.#epoch && state.first === this.#first
    if (!isSame || state.last < this.#end) this.#forget(state)
    this.#bytesOfChunks = null
    const wholeEnd = Math.floor(state.last / this.#size) * this.#size
    const stored = await this.#readBlocks(client, wholeEnd)
    for (let chunks = 0; this.#end < state.last; ) {
      const first = this.#chunkOf(this.#end + 1)
      const summary = this.#chunks.has(first) ? undefined : stored.get(first)
      const last = first + this.#size - 1
      if (summary !== undefined) {
        this.#chunks.set(first, chunkOf(first, summary, this.#rows.numbers))
        this.#end = last
      } else {
        if (++chunks > mostChunks) return false
        await this.#readLog(client, first, Math.min(last, state.last))
      }
    }
    return true
  }

  /** Blocks that were made of the log on the way, each once. */
  takeMade(): MadeBlock[] {
    return this.#made.splice(0)
  }

  /**
   * Adds all chunks to a tally.
   *
   * @param client as in `follow`, to read parts that are not in memory; null: do nothing where there are any
   * @returns whether all was there
   */
  async addTo(tally: Tally, client: PoolClient | null): Promise<boolean> {
    const turns = new Turns()
    const chunks = Array.from(this.#chunks.values(), (chunk) => ({ chunk, look: tally.lookAt(chunk) }))
    const { sets } = tally
    const known = { end: this.#end, numbers: this.visitors }
    const stretches = tally.people === 'wanted' ? sets.stretches(chunks, known) : new Map<number, Seen[]>()
    const steps: Step[] = []
    for (const { chunk, look } of chunks) {
      if (turns.isOver) await turns.next()
      const stretch = sets.stretchOf(chunk)
      const isOfSet = stretches.has(stretch)
      const asked = isOfSet && sets.get(stretch) !== undefined ? 'none' : tally.people
      const missing = this.#missing(chunk, look, tally, asked)
      steps.push({ chunk, look, missing, people: isOfSet ? 'none' : tally.people })
    }
    if (client === null && steps.some(({ missing }) => missing.length > 0)) return false
    for (let at = 0; at < steps.length; at += partsAtOnce) {
      if (turns.isOver) await turns.next()
      const some = steps.slice(at, at + partsAtOnce)
      if (client !== null) await this.#load(client, some)
      for (const { chunk, look, people } of some) if (look !== null) tally.add(chunk, look, people)
    }
    tally.seen.add(sets.joined(stretches.keys()) ?? (await this.#join(stretches, tally, turns)))
    return true
  }

  async #join(stretches: Map<number, Seen[]>, tally: Tally, turns: Turns): Promise<PeopleSet> {
    const { sets } = tally
    const joined = new PeopleSet()
    for (const [stretch, members] of stretches) {
      if (turns.isOver) await turns.next()
      joined.add(sets.get(stretch) ?? sets.keep(stretch, tally.peopleOf(members)))
    }
    return sets.keepJoined(stretches.keys(), joined)
  }

  #missing(chunk: Chunk, look: Look | null, tally: Tally, people: CountedPeople): StoredPart[] {
    const needed: StoredPart[] = look === null ? [] : tally.partsFor(chunk, look, people)
    if (people === 'all' && !this.#numbered.has(chunk)) needed.push('visitors')
    return needed.filter((part) => chunk.parts[part] === undefined)
  }

  async #readBlocks(client: PoolClient, wholeEnd: number) {
    const next = this.#chunkOf(this.#end + 1)
    const blocks = next < wholeEnd ? await readSummaries(client, this.#source, next, wholeEnd) : []
    return new Map(blocks.map(({ first, summary }) => [first, summary]))
  }

  async #readLog(client: PoolClient, first: number, high: number): Promise<void> {
    const chunk = this.#chunks.get(first) ?? new GrowingChunk(first)
    if (!(chunk instanceof GrowingChunk)) throw new Error(`the chunk at ${first} is whole`)
    const visits = await this.#rows.read(client, this.#source, this.#end + 1, high)
    for (const visit of visits) chunk.add(visit)
    this.#chunks.set(first, chunk)
    this.#numbered.add(chunk)
    this.#end = high
    const last = first + this.#size - 1
    if (high === last) this.#made.push({ ...blockOf(chunk, this.#rows.numbers), last })
  }

  async #load(client: PoolClient, chunks: Pick<Step, 'chunk' | 'missing'>[]): Promise<void> {
    const byParts = new Map<string, Chunk[]>()
    for (const { chunk, missing } of chunks) {
      const withNeeded = new Set(missing.flatMap((part) => [part, neededWith[part] ?? part]))
      const key = [...withNeeded]
        .filter((part) => chunk.parts[part] === undefined)
        .sort()
        .join()
      if (key !== '') byParts.set(key, [...(byParts.get(key) ?? []), chunk])
    }
    for (const [key, some] of byParts) {
      const firsts = some.map(({ first }) => first)
      const found = await readParts(client, this.#source, firsts, key.split(',') as StoredPart[])
      for (const chunk of some) {
        const parts = found.get(chunk.first)
        if (parts === undefined) throw new Error(`the block at ${chunk.first} is gone`)
        addParts(chunk, parts, this.#rows.numbers)
        if (parts.visitors !== undefined) this.#numbered.add(chunk)
      }
    }
  }

  #chunkOf(position: number): number {
    return position - ((position - 1) % this.#size)
  }

  #forget({ changes, epoch, first }: SourceState): void {
    this.#rows = new LogRows()
    this.#chunks.clear()
    this.#numbered.clear()
    this.remembered.clear()
    // What a question that failed has left behind is of the log as it was.
    this.#made = []
    this.#changes = changes
    this.#epoch = epoch
    this.#first = first
    this.#end = first - 1
  }
}

/** How long a count may keep all others waiting. */
const turnMs = 20

/** Lets others have their turn, now and then. */
class Turns {
  #ends = performance.now() + turnMs

  get isOver(): boolean {
    return performance.now() > this.#ends
  }

  async next(): Promise<void> {
    await othersTurn()
    this.#ends = performance.now() + turnMs
  }
}
