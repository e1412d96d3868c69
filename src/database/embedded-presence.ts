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
const PATIENCE_MS = 60_000
const ATTEMPTS = 3
const FIRST_RETURN_MS = 25
const LAST_RETURN_MS = 10_000

/**
 * Finds the server of the folder or starts it, and stays present in it until `leave()`. When PostgreSQL dies under those
 * present, the first of them to notice starts it again, on the same port.
 *
 * @throws EmbeddedError when the server ends three times in starting, or nothing answers for a minute
 */
export async function enterServer(site: PresenceSite): Promise<Presence> {
  const leaving = new AbortController()
  const first = await reachServer(site, null, leaving.signal)
  let seat: Seat | null = null
  let returning: Promise<void> | null = null

  const occupy = (taken: Seat) => {
    seat = taken
    taken.whenLost(() => {
      seat = null
      if (!leaving.signal.aborted) returning = comeBack()
    })
  }
  // Also when one backend crashes: PostgreSQL then drops all connections, and is back a moment later.
  const comeBack = async () => {
    for (let delayMs = FIRST_RETURN_MS; !leaving.signal.aborted; delayMs = Math.min(delayMs * 2, LAST_RETURN_MS)) {
      try {
        await wait(delayMs, undefined, { ref: false, signal: leaving.signal })
        return occupy(await reachServer(site, first.port, leaving.signal))
      } catch (error) {
        if (error instanceof EmbeddedError) site.log(error.message)
      }
    }
  }

  occupy(first)
  return {
    port: first.port,
    leave: async () => {
      leaving.abort()
      await returning
      // The connection's end, which the shutdown brings, clears the variable.
      const last = seat
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

/**
 * No lock of ours decides who starts: PostgreSQL lets one server into a folder, the processes of the others end, and
 * their callers find the winner here on the next turn.
 *
 * @param leaving no server is started any more once this is aborted; one already started is still waited for
 */
async function reachServer(site: PresenceSite, wantedPort: number | null, leaving: AbortSignal): Promise<Seat> {
  let launched: Launched | null = null
  let failures = 0
  let port = wantedPort
  let giveUpAt = performance.now() + PATIENCE_MS
  for (;;) {
    const found = await readPostmaster(site.folder)
    const ours = found !== null && (await serves(found.pid, site.folder))
    const answer = found?.port && ours !== false ? await takeSeat(site, found.port) : 'silent'
    if (typeof answer === 'object') {
      site.log(
        launched === null ? `using the PostgreSQL on port ${answer.port}` : `PostgreSQL runs on port ${answer.port}`,
      )
      return answer
    }
    // Recovery after a crash takes as long as it takes.
    if (answer === 'busy') giveUpAt = performance.now() + PATIENCE_MS
    if (launched === null) leaving.throwIfAborted()
    if (answer === 'silent' && ours !== true) {
      port ??= found?.port ?? null
      if (found !== null && ours === false && isAlive(found.pid)) await setAside(site.folder, found)
      const failure = await launched?.failure()
      if (failure && !isPassing(failure)) failures += 1
      if (failure && failures === ATTEMPTS) throw new EmbeddedError(`PostgreSQL does not start: ${failure}`)
      if (launched === null || failure) launched = await launch(site, port)
    }
    if (performance.now() > giveUpAt) {
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
