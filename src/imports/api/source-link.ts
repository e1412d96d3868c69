import { z } from 'zod'
import type { Config } from '../../config.js'
import { parseInstant } from '../../http/dates.js'
import { contentOf, newContent } from '../../links/content.js'
import { linkBody } from '../../links/schema.js'
import { isPrintable, longestTarget } from '../../links/target-address.js'
import type { NewLink } from '../links.js'
import { checked, type SourceRow } from './answers.js'

/** A link as another server shows it (docs/api-contract.md section 4), on its way here. */
export interface SourceLink {
  id: number
  /** How many visits it had when it was asked for. */
  visits: number
  /** One code for each recipient. */
  isTracked: boolean
  link: NewLink
  /** What is other than there, to be told. */
  notes: string[]
}

const identity = z.object({
  id: z
    .union([z.number(), z.string().regex(/^\d{1,15}$/)])
    .transform(Number)
    .pipe(z.int().positive()),
  visits: z.coerce.number().int().nonnegative().catch(0),
  token: z.string().min(1).max(255).nullish(),
  created_at: z.unknown().optional(),
  updated_at: z.unknown().optional(),
})

type Schemes = Pick<Config, 'targetSchemes' | 'outputZone'>

/**
 * Reads a link of a list. What no link here may have is left out, a target that none may have makes it inactive, and both are
 * told: nothing stops its visits from being copied.
 *
 * @throws SourceError for a row that is no link
 */
export function readSourceLink(row: SourceRow, config: Schemes): SourceLink {
  const { id, visits, token = null, created_at, updated_at } = checked(identity, row, 'the list of links')
  const { content, problems } = readContent(row, config)
  const notes = problems.map((problem) => `link ${id}: ${problem}`)
  if (content.webhook_id !== null) notes.push(`link ${id}: webhook ${content.webhook_id} is not copied`)
  const link = {
    key: String(id),
    id,
    token,
    content: { ...content, webhook_id: null },
    createdAt: instantText(created_at),
    updatedAt: instantText(updated_at),
  }
  return { id, visits, isTracked: content.is_advanced, link, notes }
}

function readContent(row: SourceRow, config: Schemes) {
  const body = linkBody(config)
  const { token: _, slug: __, long_url: target = '', ...fields } = row
  const first = body.safeParse({ ...fields, long_url: target })
  if (first.success) return { content: contentOf(first.data, newContent), problems: [] }
  const wrong = new Set(first.error.issues.map(({ path }) => String(path[0])))
  // Something that passes: what is wrong with the target must not hide the rest.
  const good = Object.fromEntries(Object.entries(fields).filter(([name]) => !wrong.has(name)))
  const content = contentOf(body.parse({ ...good, long_url: `${config.targetSchemes[0]}://target` }), newContent)
  content.long_url = isStorable(target) ? target : ''
  if (wrong.has('long_url')) content.status = 0
  // A link without a target came about by an import there.
  const told = first.error.issues.filter(({ path }) => target !== '' || path[0] !== 'long_url')
  return { content, problems: told.map(({ path, message }) => `${consequence(path)}. ${message}`) }
}

function consequence(path: PropertyKey[]): string {
  return path[0] === 'long_url' ? 'it is inactive here' : `${path.join('.')} is left out`
}

function isStorable(target: unknown): target is string {
  return typeof target === 'string' && target.length <= longestTarget && isPrintable(target)
}

/** With all its digits, which a Date would lose. */
function instantText(given: unknown): string | null {
  const isTime = typeof given === 'string' && /^[\d-]{10}T[\d:.]+Z$/.test(given) && parseInstant(given, 'UTC') !== null
  return isTime ? given : null
}
