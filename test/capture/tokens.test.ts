import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { openTokens } from '../../src/capture/tokens.js'
import type { TokenTarget } from '../../src/links/target.js'

type Word = (payload: string | null) => void

const away = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })

function target(given: Partial<TokenTarget> = {}): TokenTarget {
  return {
    ownerId: 1,
    linkId: 20,
    longUrl: 'https://example.com/1',
    fallbackUrl: null,
    rules: [],
    redirectStatus: 302,
    forwardQuery: false,
    isActive: true,
    isDeleted: false,
    expiresAt: null,
    peopleLeft: null,
    isErased: false,
    recipient: null,
    ...given,
  }
}

/** Tokens over a table in memory, with a clock that stands still and words that the test says. */
function setUp(limitMs?: number) {
  const table = new Map<string, TokenTarget>()
  const clock = { ms: 0 }
  const lookUp = vi.fn(async (token: string) => table.get(token) ?? null)
  let say: Word = () => {}
  const subscribe = (_: string, listener: Word) => {
    say = listener
    return () => {}
  }
  const tokens = openTokens({ lookUp, notifications: { subscribe }, now: () => clock.ms, ...(limitMs && { limitMs }) })
  onTestFinished(tokens.close)
  return { table, clock, lookUp, tokens, say: (word: string | null) => say(word) }
}

describe('a token', () => {
  it('is looked up once a minute', async () => {
    const { table, clock, lookUp, tokens } = setUp()
    table.set('a', target())
    await tokens.find('a')
    clock.ms = 59_999
    expect(await tokens.find('a')).toEqual(target())
    expect(lookUp).toHaveBeenCalledTimes(1)
    clock.ms = 60_000
    await tokens.find('a')
    expect(lookUp).toHaveBeenCalledTimes(2)
  })

  it('is looked up once by many clicks at the same time', async () => {
    const { table, lookUp, tokens } = setUp()
    table.set('a', target())
    const found = await Promise.all(Array.from({ length: 100 }, () => tokens.find('a')))
    expect(lookUp).toHaveBeenCalledTimes(1)
    expect(new Set(found).size).toBe(1)
  })

  it('that nobody has is not looked up for five seconds', async () => {
    const { table, clock, lookUp, tokens } = setUp()
    expect(await tokens.find('a')).toBeNull()
    clock.ms = 4_999
    expect(await tokens.find('a')).toBeNull()
    expect(lookUp).toHaveBeenCalledTimes(1)
    table.set('a', target())
    clock.ms = 5_000
    expect(await tokens.find('a')).toEqual(target())
  })
})

describe('word of a change', () => {
  it.each([
    ['of the token', 'a'],
    ['of its link', '1:20'],
    ['that words were missed', null],
  ])('%s is heard by the next click', async (_, word) => {
    const { table, tokens, say } = setUp()
    table.set('a', target())
    await tokens.find('a')
    table.set('a', target({ longUrl: 'https://example.com/2' }))
    say(word)
    expect(await tokens.find('a')).toMatchObject({ longUrl: 'https://example.com/2' })
  })

  it('of a link reaches all its tokens and no other', async () => {
    const { table, lookUp, tokens, say } = setUp()
    for (const token of ['a', 'b']) table.set(token, target())
    table.set('c', target({ linkId: 21 }))
    for (const token of ['a', 'b', 'c']) await tokens.find(token)
    say('1:20')
    lookUp.mockClear()
    for (const token of ['a', 'b', 'c']) await tokens.find(token)
    expect(lookUp.mock.calls.flat()).toEqual(['a', 'b'])
  })

  it.each(['a', '1:20', null])('that comes while the token is looked up counts: %s', async (word) => {
    const { table, lookUp, tokens, say } = setUp()
    lookUp.mockImplementationOnce(async () => {
      const old = target()
      table.set('a', target({ longUrl: 'https://example.com/2' }))
      say(word)
      return old
    })
    await tokens.find('a')
    expect(await tokens.find('a')).toMatchObject({ longUrl: 'https://example.com/2' })
  })

  it('of a token that nobody had makes it known at once', async () => {
    const { table, tokens, say } = setUp()
    await tokens.find('a')
    table.set('a', target())
    say('a')
    expect(await tokens.find('a')).toEqual(target())
  })

  it('that a token is gone is believed', async () => {
    const { table, tokens, say } = setUp()
    table.set('a', target())
    await tokens.find('a')
    table.delete('a')
    say('1:20')
    expect(await tokens.find('a')).toBeNull()
  })
})

describe('while the database is away', () => {
  it('what was known is answered, however old, and asked for once a second', async () => {
    const { table, clock, lookUp, tokens, say } = setUp()
    table.set('a', target())
    await tokens.find('a')
    lookUp.mockClear().mockRejectedValue(away)
    clock.ms = 3_600_000
    say(null)
    expect(await tokens.find('a')).toEqual(target())
    for (let click = 0; click < 100; click++) expect(await tokens.find('a')).toEqual(target())
    expect(lookUp).toHaveBeenCalledTimes(1)
    clock.ms += 1_000
    expect(await tokens.find('a')).toEqual(target())
    expect(lookUp).toHaveBeenCalledTimes(2)
  })

  it('what is not known is an error', async () => {
    const { lookUp, tokens } = setUp()
    lookUp.mockRejectedValue(away)
    await expect(tokens.find('a')).rejects.toBe(away)
  })

  it('what was known is answered soon, also when the database says nothing at all', async () => {
    const { table, clock, lookUp, tokens } = setUp()
    table.set('a', target())
    await tokens.find('a')
    lookUp.mockReturnValue(new Promise(() => {}))
    clock.ms = 60_000
    expect(await tokens.find('a')).toEqual(target())
  })

  it('what is not known is an error, also when the database says nothing at all', async () => {
    const { lookUp, tokens } = setUp(1)
    lookUp.mockReturnValue(new Promise(() => {}))
    await expect(tokens.find('a')).rejects.toThrow('too long')
  })

  it('nothing is forgotten for all the tokens that nobody has', async () => {
    const { table, clock, lookUp, tokens } = setUp()
    table.set('a', target())
    await tokens.find('a')
    for (let guess = 0; guess < 60_000; guess++) await tokens.find(`guess${guess}`)
    lookUp.mockRejectedValue(away)
    clock.ms = 60_000
    expect(await tokens.find('a')).toEqual(target())
  })
})
