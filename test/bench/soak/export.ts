import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'

export interface ExportPlan {
  port: number
  headers: Record<string, string>
  linkId: number
  rows: number
}

/** Reads a link as NDJSON. @throws when the file has not all its visits */
export async function exportAll({ port, headers, linkId, rows }: ExportPlan): Promise<void> {
  const path = `/link/urls/${linkId}/visits/export?format=ndjson`
  const [answer] = (await once(request({ port, path, headers }).end(), 'response')) as [IncomingMessage]
  let lines = 0
  for await (const chunk of answer) for (const byte of chunk as Buffer) if (byte === 10) lines += 1
  if (answer.statusCode !== 200) throw new Error(`answered with ${answer.statusCode}`)
  if (lines !== rows) throw new Error(`${lines} rows instead of ${rows}`)
}
