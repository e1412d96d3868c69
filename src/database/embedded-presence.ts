import { setTimeout as wait } from 'node:timers/promises'
import { EmbeddedError } from './embedded-error.js'
import { type Launched, type LaunchSite, launch } from './embedded-launch.js'
import { isAlive, readPostmaster, serves, setAside, shutDown } from './embedded-postmaster.js'
import { isLastSeat, type Seat, takeSeat } from './embedded-seat.js'

export type Presence = {
  port: number
  /** Gives the presence up; shuts the server down when it was the last one. */
  leave(): Promise<void>
}

export type PresenceSite = LaunchSite & { password: string; log: (line: string) => void }

const POLL_MS = 15
const RETURN_MS = 1000
const PATIENCE_MS = 60_000
const ATTEMPTS = 3

/**
 * Finds the server of the folder or starts it, and stays present in it until `leave()`.
 *
 * No lock of ours decides who starts: PostgreSQL lets one server into a folder, the processes of the others end, and
 * their callers find the winner here on the next turn.
 *
 * @throws EmbeddedError when the server ends three times in starting, or nothing answers for a minute
 */
export async function enterServer(site: PresenceSite): Promise<Presence> {
  let launched: Launched | null = null
  let failures = 0
  let formerPort: number | null = null
  let giveUpAt = Date.now() + PATIENCE_MS
  for (;;) {
    const found = await readPostmaster(site.folder)
    const ours = found !== null && (await serves(found.pid, site.folder))
    const answer = found?.port && ours !== false ? await takeSeat(site, found.port) : 'silent'
    if (typeof answer === 'object') {
      site.log(
        launched === null ? `using the PostgreSQL on port ${answer.port}` : `PostgreSQL runs on port ${answer.port}`,
      )
      return stay(site, answer)
    }
    // Recovery after a crash takes as long as it takes.
    if (answer === 'busy') giveUpAt = Date.now() + PATIENCE_MS
    if (answer === 'silent' && ours !== true) {
      formerPort = found?.port ?? formerPort
      if (found !== null && ours === false && isAlive(found.pid)) await setAside(site.folder, found)
      const failure = await launched?.failure()
      if (failure && !isPassing(failure)) failures += 1
      if (failure && failures === ATTEMPTS) throw new EmbeddedError(`PostgreSQL does not start: ${failure}`)
      if (launched === null || failure) launched = await launch(site, formerPort)
    }
    if (Date.now() > giveUpAt) {
      launched?.abandon()
      throw new EmbeddedError(`PostgreSQL in ${site.folder} does not answer: see postgres.log beside it`)
    }
    await wait(POLL_MS)
  }
}

/** Another server was faster, or children of a killed one are still ending: not a fault of this cluster. */
function isPassing(failure: string): boolean {
  return /lock file .* already exists|pre-existing shared memory block/.test(failure)
}

function stay(site: PresenceSite, first: Seat): Presence {
  let seat: Seat | null = null
  let leaving = false

  const occupy = (taken: Seat) => {
    seat = taken
    taken.whenLost(() => {
      seat = null
      if (!leaving) void comeBack()
    })
  }
  // PostgreSQL drops all connections when one of its processes crashes, and is back a moment later.
  const comeBack = async () => {
    while (!leaving && seat === null) {
      await wait(RETURN_MS, undefined, { ref: false })
      const again = leaving ? null : await seatOf(site).catch(() => null)
      if (again !== null && leaving) await again.give()
      else if (again !== null) occupy(again)
    }
  }

  occupy(first)
  return {
    port: first.port,
    leave: async () => {
      leaving = true
      const last = seat ?? (await seatOf(site))
      if (last === null) return
      try {
        if (await isLastSeat(last)) await shutDown(site.folder, site.binaries.pgCtl)
        else site.log('PostgreSQL keeps running: another process uses it')
      } finally {
        await last.give()
      }
    },
  }
}

async function seatOf(site: PresenceSite): Promise<Seat | null> {
  const found = await readPostmaster(site.folder)
  if (!found?.port || (await serves(found.pid, site.folder)) === false) return null
  const answer = await takeSeat(site, found.port)
  return typeof answer === 'object' ? answer : null
}
