import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'

export type WireRow = Record<string, unknown>

const documented = readFileSync(new URL('../fixtures/visits-page.json', import.meta.url), 'utf8')

/** The documented visit as a row of a file, with ids of its own, but for what is given. */
export function wireRow(given: WireRow = {}): WireRow {
  const { data } = JSON.parse(documented) as { data: [WireRow] }
  return { ...data[0], id: randomUUID(), visit_id: randomUUID(), link_id: '21', ...given }
}

/** The same without a recipient. */
export function untrackedRow(given: WireRow = {}): WireRow {
  return wireRow({ token: null, message_id: null, mobile: null, ...given })
}

export const ndjson = (rows: unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('')
