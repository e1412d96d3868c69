import { describe, expect, it, onTestFinished } from 'vitest'
import { type Notifications, openNotifications } from '../../src/database/notifications.js'
import { cableTo } from '../support/cable.js'
import { emptiedDatabase } from '../support/database.js'

const database = emptiedDatabase()

async function listening(url: string) {
  const lost: string[] = []
  const notifications = openNotifications(url, { pingMs: 300, onError: ({ message }) => lost.push(message) })
  onTestFinished(notifications.close)
  await expect.poll(notifications.isListening).toBe(true)
  return { notifications, lost }
}

const wordsOf = (notifications: Notifications, channel: 'tokens' | 'access_tokens') => {
  const words: (string | null)[] = []
  notifications.subscribe(channel, (word) => words.push(word))
  return words
}

describe('a connection that stays open and brings nothing any more', () => {
  it('is found out, every listener is told to look for itself, and what is said next is heard', async () => {
    const { db, url } = await database()
    const cable = await cableTo(url)
    const { notifications, lost } = await listening(cable.url)
    const words = [wordsOf(notifications, 'tokens'), wordsOf(notifications, 'access_tokens')]
    cable.swallow()
    await db.pool.query("SELECT pg_notify('tokens', 'missed')")
    await expect.poll(() => lost).toEqual(['the connection that listens does not answer'])
    await expect.poll(notifications.isListening).toBe(true)
    for (const heard of words) expect(new Set(heard)).toEqual(new Set([null]))
    await db.pool.query("SELECT pg_notify('tokens', 'said'), pg_notify('access_tokens', 'too')")
    await expect.poll(() => words.map((heard) => heard.at(-1))).toEqual(['said', 'too'])
    expect(lost).toHaveLength(1)
  })

  it('does not keep a server from stopping', async () => {
    const { url } = await database()
    const cable = await cableTo(url)
    const { notifications } = await listening(cable.url)
    cable.swallow()
    await notifications.close()
    expect(notifications.isListening()).toBe(false)
  })
})

it('a connection with nothing to bring is kept for as long as it answers', async () => {
  const { db, url } = await database()
  const { notifications, lost } = await listening(url)
  const sessions = async () => {
    const { rows } = await db.pool.query<{ pid: number; asked: string }>(
      `SELECT pid, query_start::text AS asked FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'smart-link listen'`,
    )
    return rows
  }
  const pids = new Set<number>()
  const asked = new Set<string>()
  await expect
    .poll(
      async () => {
        for (const session of await sessions()) {
          pids.add(session.pid)
          asked.add(session.asked)
        }
        return asked.size
      },
      { interval: 20 },
    )
    .toBeGreaterThan(4)
  expect([pids.size, notifications.isListening(), lost]).toEqual([1, true, []])
})
