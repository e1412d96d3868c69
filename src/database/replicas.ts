import { type Database, type Replicas, statement } from './open.js'
import { type LogState, Replica, type ReplicaLog } from './replica.js'

export interface ReplicasOptions {
  primary: Database
  urls: string[]
  /** One that is further behind is not read from. */
  maxLagMs: number
  /** Most connections to each. */
  connections: number
  prepare: 'auto' | 'on' | 'off'
  log: ReplicaLog
  lookEveryMs?: number
}

/** Ten minutes of looks: what is further behind than that is too far behind. */
const mostSamples = 600

/**
 * Replicas of the primary, looked at every second: reads go in turn to those that replay its log and are not far behind.
 *
 * Being behind is measured by the primary's log alone: how long ago the primary was where the replica is. A server that follows another
 * timeline than the primary is not read from: after a promotion it may hold transactions that the new primary never had.
 */
export function openReplicas(options: ReplicasOptions): Replicas {
  const { primary, urls, maxLagMs, lookEveryMs = 1_000, ...others } = options
  const replicas = urls.map((url) => new Replica({ url, ...others }))
  let samples: { position: number; at: number }[] = []
  let timeline: number | null = null
  let turn = 0
  let looking: Promise<void> | null = null

  // A connection that leads to another primary says so before anything is read over it.
  primary.pool.on('connect', (client) => {
    client.query<LogState>(primaryState([])).then(
      ({ rows }) => {
        if (timeline !== null && rows[0]?.timeline !== timeline) forget('the primary is another one')
      },
      () => {},
    )
  })
  const forget = (problem: string) => {
    samples = []
    timeline = null
    for (const replica of replicas) replica.judge(problem)
  }
  const lookAtPrimary = async (): Promise<LogState | null> => {
    const { rows } = await primary.pool.query<LogState>(primaryState([]))
    const [state] = rows
    if (state === undefined) return null
    if (timeline !== state.timeline) samples = []
    timeline = state.timeline
    samples.push({ position: state.position, at: performance.now() })
    if (samples.length > mostSamples) samples.shift()
    return state
  }
  const lookAt = async (replica: Replica, state: LogState) => {
    const found = await replica.look()
    const missing = samples.find(({ position }) => position > found.position)
    replica.lagMs = missing === undefined ? 0 : performance.now() - missing.at
    if (!found.isReplica) replica.judge('it is no replica')
    else if (found.system !== state.system) replica.judge('it is a replica of another database')
    else if (found.timeline !== state.timeline) replica.judge('it does not follow the primary')
    else replica.judge(replica.lagMs > maxLagMs ? `it is more than ${maxLagMs} ms behind` : null)
  }
  const look = async () => {
    const state = await lookAtPrimary().catch(() => null)
    if (state === null) return forget('the primary is away')
    const look = (replica: Replica) => lookAt(replica, state).catch((error: Error) => replica.lose(error.message))
    await Promise.all(replicas.map(look))
  }
  const startLooking = () => {
    looking ??= look().finally(() => {
      looking = null
    })
  }
  const timer = setInterval(startLooking, lookEveryMs)
  timer.unref()
  startLooking()

  return {
    replicas,
    get isUsable() {
      return replicas.some(({ isUsable }) => isUsable)
    },
    async read(work) {
      const usable = replicas.filter(({ isUsable }) => isUsable)
      turn += 1
      return (await usable[turn % usable.length]?.read(work)) ?? null
    },
    async close() {
      clearInterval(timer)
      await looking
      await Promise.all(replicas.map((replica) => replica.close()))
    },
  }
}

/** The timeline in use, not that of the last checkpoint: the latter comes some time after a promotion. */
const primaryState = statement(`
SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 AS position,
  ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int AS timeline,
  (SELECT system_identifier::text FROM pg_control_system()) AS system`)
