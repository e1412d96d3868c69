import pg from 'pg'

/**
 * Whether something between here and PostgreSQL hands connections around, such as PgBouncer: then the process that a
 * connection was told it talks to is not the one that answers it. What only passes bytes on does not count.
 */
export async function isBehindPooler(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  await client.connect()
  try {
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    // Kept by the driver, for cancelling, and not in its types.
    return rows[0]?.pid !== (client as unknown as { processID: number }).processID
  } finally {
    await client.end()
  }
}
