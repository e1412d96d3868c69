import { LRUCache } from 'lru-cache'
import { z } from 'zod'

/** An instant as the contract shows it: `Y-m-d H:i:s` in the output zone, without naming it (docs/api-contract.md section 2). */
export function formatTime(time: Date, zone: string): string {
  return formatter(zone).format(time).replace(', ', ' ')
}

/** Each takes dozens of kilobytes, and zones have as many spellings as anybody likes. */
const formatters = new LRUCache<string, Intl.DateTimeFormat>({ max: 500 })

function formatter(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone)
  if (known) return known
  // sv-SE writes ISO dates with a space; hourCycle keeps midnight at 00.
  const made = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'medium',
    hourCycle: 'h23',
  })
  formatters.set(zone, made)
  return made
}

/** Such a time in an answer, for `schema.response`. */
export const wallTime = (example: string, description: string) =>
  z
    .string()
    .regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
    .meta({
      description: `${description} \`Y-m-d H:i:s\` in the server's output zone (UTC unless set).`,
      examples: [example],
    })

/** A time in UTC with so many digits after the second, in an answer. */
export const instantWith = (digits: number, example: string) =>
  z
    .string()
    .regex(new RegExp(`^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{${digits}}Z$`))
    .meta({ format: 'date-time', examples: [example] })
