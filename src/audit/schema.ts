import { z } from 'zod'
import { cursorListFields } from '../http/cursor-list.js'
import { parseInstant } from '../http/dates.js'
import { memoise } from '../http/memoise.js'

const notALink = 'The filter link_id must be the id of a link.'
const notAToken = 'The filter token_id must be the id of an access token.'

export const readsQuery = memoise((zone: string) => {
  const instant = (name: string, description: string) => {
    const error = `The ${name} field must be a time as ISO 8601 or Y-m-d H:i:s, such as 2026-01-31 or 2026-01-31T12:00:00+01:00.`
    return z
      .string({ error })
      .meta({
        description: `${description} A time without a zone is in the output zone.`,
        examples: ['2026-01-31T12:00:00Z'],
      })
      .transform((text, context) => {
        const time = parseInstant(text, zone)
        if (time !== null) return time
        context.addIssue(error)
        return z.NEVER
      })
      .nullish()
  }
  return z.object({
    filter: z
      .object(
        {
          token_id: z.guid({ error: notAToken }).toLowerCase().meta({ pattern: undefined }).nullish(),
          link_id: z
            .string({ error: notALink })
            .regex(/^\d{1,15}$/, notALink)
            .transform(Number)
            .nullish(),
        },
        { error: 'Filters are written filter[name]. There are token_id and link_id.' },
      )
      .catchall(z.undefined({ error: 'There is no such filter. There are token_id and link_id.' }))
      .optional(),
    from: instant('from', 'Reads from this time on.'),
    to: instant('to', 'Reads before this time.'),
    ...cursorListFields,
  })
})
