import { LRUCache } from 'lru-cache'
import type { Notifications } from '../database/notifications.js'
import { growingCache } from '../growing-cache.js'
import { erasedWord } from '../links/announce.js'
import type { TokenTarget } from '../links/target.js'
import { CacheCounts } from '../measures.js'

/** Tokens in memory: a link that was opened once works on while the database is away. */
export interface Tokens {
  /**
   * What a token stands for, at most a minute old, and as good as new when the change was announced (links/announce.ts).
   * What was known is answered, however old, when the database cannot be asked.
   *
   * @returns null when nobody was given this token
   * @throws what the database threw, for a token that is not known
   */
  find(token: string): Promise<TokenTarget | null>
  /** A miss is what the database was asked for, or would have been. */
  readonly counts: CacheCounts
  close(): void
}

export interface TokensOptions {
  lookUp: (token: string) => Promise<TokenTarget | null>
  notifications: Pick<Notifications, 'subscribe'>
  now?: () => number
  /** How long the database may take at all. */
  limitMs?: number
}

const lifeMs = 60_000
/** Short, because a guess may become a token; long enough to take the weight off somebody who tries many. */
const missingLifeMs = 5_000
/** The same where an old answer is at hand. */
const patienceMs = 500
/** After a failed question, how long old answers are given without asking again. */
const restMs = 1_000

/** Of targets in memory: usual ones are never that many. */
const mostCharacters = 2 ** 26
const mostTokens = 50_000
/** Each weighs at least this, so that there are never more of them, however short they are. */
const leastCharacters = Math.ceil(mostCharacters / mostTokens)

interface Entry {
  target: TokenTarget
  until: number
  /** Everything learned in an earlier epoch may have changed unheard. */
  epoch: number
}

interface Lookup {
  answer: Promise<TokenTarget | null>
  startedAt: number
}

export function openTokens(options: TokensOptions): Tokens {
  const { lookUp, notifications, now = Date.now, limitMs = 5_000 } = options
  const byLink = new Map<string, Set<string>>()
  const known = new LRUCache<string, Entry>({
    maxSize: mostCharacters,
    sizeCalculation: ({ target }) => Math.max(leastCharacters, charactersOf(target)),
    dispose: ({ target }, token, reason) => reason !== 'set' && forget(byLink, linkKey(target), token),
  })
  // Apart, so that guessing cannot push out what is known.
  const missing = growingCache<string, { until: number }>(10_000)
  const lookups = new Map<string, Lookup>()
  /** Words said while lookups run: an answer may be older than they are. */
  const heard = new Set<Set<string>>()
  const counts = new CacheCounts()
  let epoch = 0
  let restUntil = 0

  const stop = notifications.subscribe('tokens', (word) => {
    if (word === null) {
      epoch += 1
      missing.clear()
      return
    }
    if (word.startsWith(erasedWord)) return forgetPerson(word.slice(erasedWord.length))
    for (const words of heard) words.add(word)
    missing.delete(word)
    for (const token of word.includes(':') ? (byLink.get(word) ?? []) : [word]) {
      const entry = known.peek(token)
      if (entry !== undefined) entry.until = 0
    }
  })

  /** Also while the database cannot be asked, nothing of the person is told any more. */
  function forgetPerson(token: string): void {
    for (const words of heard) words.add(erasedWord + token)
    const entry = known.peek(token)
    if (entry !== undefined) Object.assign(entry, { target: withoutPerson(entry.target), until: 0 })
  }

  function remember(token: string, target: TokenTarget | null, since: number, words: Set<string>): void {
    const isErased = words.has(erasedWord + token)
    const changed = isErased || words.has(token) || (target !== null && words.has(linkKey(target)))
    if (target === null) {
      known.delete(token)
      if (!changed && since === epoch) missing.set(token, { until: now() + missingLifeMs })
      return
    }
    const before = known.peek(token)
    if (before !== undefined && linkKey(before.target) !== linkKey(target)) known.delete(token)
    known.set(token, {
      target: isErased ? withoutPerson(target) : target,
      until: changed ? 0 : now() + lifeMs,
      epoch: since,
    })
    const tokens = byLink.get(linkKey(target))
    if (tokens === undefined) byLink.set(linkKey(target), new Set([token]))
    else tokens.add(token)
  }

  async function ask(token: string): Promise<TokenTarget | null> {
    const since = epoch
    const words = new Set<string>()
    heard.add(words)
    try {
      const target = await within(limitMs, lookUp(token), () => {
        throw new Error('the database takes too long to look up a token')
      })
      restUntil = 0
      remember(token, target, since, words)
      return target
    } catch (error) {
      restUntil = now() + restMs
      throw error
    } finally {
      heard.delete(words)
      lookups.delete(token)
    }
  }

  /** Many clicks on one token ask once. */
  function lookup(token: string): Lookup {
    const running = lookups.get(token)
    if (running !== undefined) return running
    const started = { answer: ask(token), startedAt: now() }
    lookups.set(token, started)
    return started
  }

  return {
    async find(token) {
      const entry = known.get(token)
      const isKnown =
        entry === undefined
          ? now() < (missing.get(token)?.until ?? 0)
          : (now() < entry.until && entry.epoch === epoch) || now() < restUntil
      if (isKnown) {
        counts.hits += 1
        return entry?.target ?? null
      }
      counts.misses += 1
      const { answer, startedAt } = lookup(token)
      if (entry === undefined) return answer
      const old = () => entry.target
      return within(startedAt + patienceMs - now(), answer.catch(old), old)
    },
    counts,
    close: stop,
  }
}

function charactersOf({ longUrl, fallbackUrl, rules }: TokenTarget): number {
  return longUrl.length + (fallbackUrl?.length ?? 0) + (rules.length === 0 ? 0 : JSON.stringify(rules).length)
}

/** The answer, or what is said instead when it takes longer. */
async function within<T>(milliseconds: number, answer: Promise<T>, late: () => T): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(milliseconds, 0))
  })
  try {
    return await Promise.race([answer, patience.then(late)])
  } finally {
    clearTimeout(timer)
  }
}

function withoutPerson(target: TokenTarget): TokenTarget {
  return { ...target, recipient: null, isErased: true }
}

function linkKey({ ownerId, linkId }: TokenTarget): string {
  return `${ownerId}:${linkId}`
}

function forget(byLink: Map<string, Set<string>>, link: string, token: string): void {
  const tokens = byLink.get(link)
  tokens?.delete(token)
  if (tokens?.size === 0) byLink.delete(link)
}
