import { expect } from 'vitest'
import { bearer, testSecret } from '../support/app.js'
import { Reader } from '../support/visit-readers.js'
import { type Clicks, startClicks } from './clicks.js'
import { expectKept, expectNoFindings, expectReplayed, storedLog, tokens } from './ledger.js'
import type { ServerProcess } from './server.js'
import type { Site } from './site.js'

/** What all of them must have alike. */
export const common = { JWT_SECRET: testSecret, RATE_LIMIT: '0', WEBHOOK_ALLOW_PRIVATE: 'on' }

/** A server that is killed and started again, with clicks on it meanwhile. */
export interface Clicked {
  /** The process that answers now. */
  current(): ServerProcess
  /** Its clicks so far, of those before too. */
  answered(): Set<string>
  /** Kills it under load, starts it again, and clicks on. */
  restart(): Promise<void>
  /** Ends the clicks. */
  stop(): Promise<void>
}

/** Three connections to each server: four of them share the machine with the database. */
export async function clickedServer(start: () => Promise<ServerProcess>): Promise<Clicked> {
  const all: Clicks[] = []
  const click = (server: ServerProcess) => all.push(startClicks(server.port, tokens, 3))
  let server = await start()
  click(server)
  return {
    current: () => server,
    answered: () => new Set(all.flatMap(({ answered }) => [...answered])),
    async restart() {
      await server.kill()
      await all.at(-1)?.stop()
      server = await start()
      click(server)
    },
    async stop() {
      for (const clicks of all) await clicks.stop()
      // A server that is killed answers nothing more; one that lives answers everything.
      expect(all.flatMap(({ refused }) => [...refused])).toEqual([])
      expect(all.at(-1)?.broken).toBe(0)
    },
  }
}

/** Readers of one owner's visits, on one process, while others write. */
export function startReaders({ port }: ServerProcess, ownerId: number, link: number) {
  const writing = new AbortController()
  let log: { id: string; link: number }[] = []
  const reader = () => new Reader(`http://127.0.0.1:${port}`, bearer({ sub: String(ownerId) }))
  const reading = Promise.all([
    reader().wait('/link/visits/feed', 1000, writing.signal, () => log.length),
    reader().poll(`/link/urls/${link}/visits/feed`, 100, writing.signal),
    reader().walk(`/link/urls/${link}/visits?as_of=now`, 100, writing.signal),
  ])
  // Looked at when the clicks have ended; until then it is nobody's.
  reading.catch(() => {})
  return {
    /** The writing is over: each has seen every visit once, in the order of the log. */
    async expectAll(url: string) {
      log = await storedLog(url, ownerId)
      writing.abort()
      const [waited, polled, walks] = await reading
      const ofLink = log.filter((row) => row.link === link).map(({ id }) => id)
      expect(waited).toEqual(log.map(({ id }) => id))
      expect(polled).toEqual(ofLink)
      for (const { asOf, totals, ids } of walks) {
        expect(totals).toEqual(totals.map(() => asOf))
        expect(ids).toEqual(ofLink.slice(0, asOf).reverse())
      }
    },
  }
}

/** Every click that was answered is in the log once, nothing is left elsewhere, and all that is derived agrees. */
export async function expectWhole({ postgres, dataDir }: Site, clicked: Clicked[]): Promise<void> {
  await expectReplayed(dataDir)
  await expectKept(postgres.url, new Set(clicked.flatMap(({ answered }) => [...answered()])))
  await expectNoFindings(postgres.url)
}
