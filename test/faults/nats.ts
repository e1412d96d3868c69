import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { freePort } from './postgres.js'
import { until } from './until.js'

/** A server of a NATS cluster that things are done to. */
export interface NatsNode {
  name: string
  url: string
  start(): void
  /** As a crash would end it. */
  kill(): Promise<void>
}

export interface NatsCluster {
  /** NATS_URL of all nodes. */
  url: string
  nodes: NatsNode[]
  /** Starts those that do not run, and returns when the cluster can be asked. */
  start(): Promise<void>
  /** JetStream as an operator sees it; closed by whoever asked for it. */
  open(): Promise<{ nats: NatsConnection; jetstream: JetStreamClient; manager: JetStreamManager }>
  /** The node that has the last word on a stream. */
  leaderOf(stream: string): Promise<NatsNode>
  /** How many consumers a stream has. */
  readers(stream: string): Promise<number>
  /** Kills all nodes and removes what they have stored. */
  destroy(): Promise<void>
}

/** Real servers on loopback, each with a port and a folder of its own. */
export async function startNats(size: number): Promise<NatsCluster> {
  const root = await mkdtemp(join(tmpdir(), 'smart-link-nats-'))
  const ports = await Promise.all(
    Array.from({ length: size }, async () => [await freePort(), await freePort()] as const),
  )
  const routes = ports.map(([, route]) => `nats://127.0.0.1:${route}`)
  const nodes = await Promise.all(
    ports.map(([port, route], nth) => natsNode({ root, name: `node${nth + 1}`, port, route, routes })),
  )
  const url = nodes.map((node) => node.url).join(',')

  const open = async () => {
    const nats = await connect({ servers: nodes.map((node) => node.url), maxReconnectAttempts: -1, timeout: 2_000 })
    const manager = await jetstreamManager(nats, { checkAPI: false })
    return { nats, jetstream: jetstream(nats), manager }
  }
  const isReady = async () => {
    const { nats, manager } = await open()
    return manager
      .getAccountInfo()
      .then(() => true)
      .finally(() => nats.close())
  }
  const start = async () => {
    for (const node of nodes) node.start()
    await until(() => isReady().catch(() => false), 'NATS does not start')
  }
  await start()
  return {
    url,
    nodes,
    start,
    open,
    async leaderOf(stream) {
      const { nats, manager } = await open()
      const { cluster } = await manager.streams.info(stream).finally(() => nats.close())
      const leader = nodes.find(({ name }) => name === cluster?.leader)
      if (leader === undefined) throw new Error(`${stream} has no leader`)
      return leader
    },
    async readers(stream) {
      const { nats, manager } = await open()
      const { state } = await manager.streams.info(stream).finally(() => nats.close())
      return state.consumer_count
    },
    async destroy() {
      await Promise.all(nodes.map((node) => node.kill()))
      await rm(root, { recursive: true, force: true })
    },
  }
}

interface NodeOptions {
  root: string
  name: string
  port: number
  route: number
  routes: string[]
}

async function natsNode({ root, name, port, route, routes }: NodeOptions): Promise<NatsNode> {
  const folder = join(root, name)
  await mkdir(folder)
  const file = join(folder, 'nats.conf')
  const cluster = `cluster { name: faults, listen: "127.0.0.1:${route}", routes: ${JSON.stringify(routes)} }`
  await writeFile(
    file,
    `server_name: ${name}
listen: "127.0.0.1:${port}"
jetstream { store_dir: ${JSON.stringify(folder)}, max_file: 2GB }
${routes.length > 1 ? cluster : ''}
`,
  )
  let server: ChildProcess | null = null
  const runs = () => server !== null && server.exitCode === null && server.signalCode === null
  return {
    name,
    url: `nats://127.0.0.1:${port}`,
    start() {
      if (runs()) return
      // Where Debian has it is not in everybody's path.
      const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` }
      server = spawn('nats-server', ['-c', file, '-l', join(folder, 'log')], { stdio: 'ignore', env })
    },
    async kill() {
      if (server === null || !runs()) return
      const ended = once(server, 'exit')
      server.kill('SIGKILL')
      await ended
    },
  }
}
