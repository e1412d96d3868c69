import { createHash, type Hash } from 'node:crypto'
import { z } from 'zod'

/**
 * A backup is a gzip of lines of UTF-8: `smart-link backup 1`, a header (JSON), and for each table its head (JSON), its rows as
 * PostgreSQL's COPY writes them, a line each, and a line `\.`; at last an end (JSON) with the number of rows of each table and the
 * SHA-256 of all lines before it. Tables that others refer to come first.
 */
export const firstLine = 'smart-link backup 1'
export const endOfRows = '\\.'

const header = z.object({
  id: z.uuid(),
  /** The moment whose state it is. */
  taken_at: z.iso.datetime(),
  postgres: z.string(),
  /** All that were applied, in order: the version of the schema. */
  migrations: z.array(z.string()).min(1),
  /** null: of all. */
  user: z.number().int().positive().nullable(),
  /** How many rows there are, about. */
  rows: z.number().int().nonnegative(),
  jwt_secret: z.string().optional(),
})

const tableHead = z.object({ table: z.string(), columns: z.array(z.string()).min(1) })
const fileEnd = z.object({ rows: z.record(z.string(), z.number().int().nonnegative()), sha256: z.string() })

export type Header = z.output<typeof header>
export type TableHead = z.output<typeof tableHead>
export type FileEnd = z.output<typeof fileEnd>

export const readHeader = (line: string) => parsed(header, line)
export const readTableHead = (line: string) => parsed(tableHead, line)
export const readFileEnd = (line: string) => parsed(fileEnd, line)

export const contentHash = (): Hash => createHash('sha256')

function parsed<Schema extends z.ZodType>(schema: Schema, line: string): z.output<Schema> | null {
  try {
    return schema.parse(JSON.parse(line))
  } catch {
    return null
  }
}
