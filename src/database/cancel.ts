import pg from 'pg'

/** Which statement of which server. */
export interface StatementAddress {
  host: string
  port: number
  ssl: unknown
  sslNegotiation: string
  /** As the server has named the connection. */
  processID: number
  secretKey: number
}

/** A request that takes longer does not get through. */
const limitMs = 1_000

/** What the driver can besides what is in its types. */
interface Internals extends pg.Connection {
  connect(portOrPath: number | string, host?: string): void
  requestSsl(): void
  cancel(processID: number, secretKey: number): void
}

const underWay = new Set<Promise<void>>()

/**
 * Asks PostgreSQL to cancel what a connection of ours waits for, over another connection that takes no place of `max_connections`: a
 * backend that waits for a lock does not notice that nobody waits for it any more. A statement that has ended meanwhile is left alone.
 *
 * Never fails: a server that cannot be asked has lost the statement, or has time limits of its own.
 */
export function cancelStatement(address: StatementAddress): Promise<void> {
  const asking = ask(address).finally(() => underWay.delete(asking))
  underWay.add(asking)
  return asking
}

/** Resolves when nothing is being cancelled any more. */
export async function whenCancelled(): Promise<void> {
  await Promise.all(underWay)
}

function ask({ host, port, ssl, sslNegotiation, processID, secretKey }: StatementAddress): Promise<void> {
  return new Promise((resolve) => {
    const connection = new pg.Connection({ ssl, sslNegotiation } as object) as Internals
    const timer = setTimeout(() => connection.stream.destroy(), limitMs)
    const cancel = () => connection.cancel(processID, secretKey)
    connection.on('error', () => connection.stream.destroy())
    // The server answers by closing it.
    connection.on('end', () => {
      clearTimeout(timer)
      resolve()
    })
    connection.on('connect', () => {
      if (!ssl) cancel()
      else if (sslNegotiation !== 'direct') connection.requestSsl()
    })
    connection.on('sslconnect', cancel)
    if (host.startsWith('/')) connection.connect(`${host}/.s.PGSQL.${port}`)
    else connection.connect(port, host)
  })
}
