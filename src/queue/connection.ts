import { setTimeout as wait } from 'node:timers/promises'
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream'
import {
  type Authenticator,
  type ConnectionOptions,
  connect,
  credsAuthenticator,
  type NatsConnection,
} from '@nats-io/transport-node'
import type { CaptureLog } from '../capture/capture-log.js'
import type { QueueConfig } from '../config.js'

/** JetStream, over a connection that is there. Another object after the connection was lost, and made again. */
export interface Connected {
  nats: NatsConnection
  jetstream: JetStreamClient
  manager: JetStreamManager
}

/** NATS cannot be reached. */
export class QueueAwayError extends Error {
  override readonly name = 'QueueAwayError'
}

export interface Connection {
  /** @throws QueueAwayError */
  get(): Connected
  close(): Promise<void>
}

export interface PingOptions {
  /** How often a server is asked whether it is there: given up when it is silent for three times this. */
  pingMs?: number
}

const retryMs = 500
const requestLimitMs = 5_000

/**
 * A connection to one of the servers, made again for ever when it is lost. Nothing is sent while there is none: the
 * client would keep it in memory without a limit.
 */
export function keepConnected(config: QueueConfig, log: CaptureLog, { pingMs = 5_000 }: PingOptions = {}): Connection {
  const closing = new AbortController()
  let connected: Connected | null = null
  let isThere = false
  let problem = 'NATS has not been reached yet'

  const found = () => {
    isThere = true
    problem = ''
    log.info({}, 'NATS is reached')
  }
  const lost = (reason: string) => {
    if (closing.signal.aborted) return
    if (isThere || problem !== reason) log.error({ reason }, 'NATS cannot be reached')
    isThere = false
    problem = reason
  }
  const open = async () => {
    const nats = await connect({ ...optionsOf(config), pingInterval: pingMs, maxPingOut: 2 })
    if (closing.signal.aborted) return nats.close()
    const options = { timeout: requestLimitMs, checkAPI: false }
    connected = { nats, jetstream: jetstream(nats, options), manager: await jetstreamManager(nats, options) }
    found()
    for await (const status of nats.status()) {
      if (status.type === 'disconnect') lost('the connection was lost')
      if (status.type === 'reconnect') {
        connected = { ...connected }
        found()
      }
      if (status.type === 'error') log.error({ err: status.error }, 'NATS reports an error')
    }
    lost('the connection was closed')
  }
  const keep = async () => {
    while (!closing.signal.aborted) {
      await open().catch((error: Error) => lost(error.message))
      await wait(retryMs, undefined, { signal: closing.signal, ref: false }).catch(() => {})
    }
  }
  void keep()

  return {
    get() {
      if (connected === null || !isThere) throw new QueueAwayError(problem)
      return connected
    },
    async close() {
      closing.abort()
      const limit = wait(1_000, undefined, { ref: false })
      // What was said last, such as acknowledgements, should still arrive.
      if (isThere) await Promise.race([connected?.nats.flush().catch(() => {}), limit])
      isThere = false
      await connected?.nats.close()
    },
  }
}

function optionsOf(config: QueueConfig): ConnectionOptions {
  const { servers, isTls, user, password, token, credentials } = config
  const authenticator: Authenticator | undefined = credentials && credsAuthenticator(credentials)
  return {
    servers,
    name: 'smart-link',
    ...(isTls && { tls: {} }),
    ...(user !== undefined && { user }),
    ...(password !== undefined && { pass: password }),
    ...(token !== undefined && { token }),
    ...(authenticator !== undefined && { authenticator }),
    timeout: 5_000,
    maxReconnectAttempts: -1,
    reconnectTimeWait: retryMs,
    // Passwords may be changed under a running server.
    ignoreAuthErrorAbort: true,
    // A stack for each visit would cost more than sending it.
    noAsyncTraces: true,
  }
}
