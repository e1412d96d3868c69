import { z } from 'zod'
import { wallTime } from '../http/time.js'

const text = (example: string) => z.string().meta({ examples: [example] })

/** What is posted for a visit (docs/api-contract.md section 8). */
const visitMessage = z
  .object({
    id: z.guid().meta({ description: 'Id of the visit.', examples: ['835b7433-0aaf-457c-88e7-7433b00d1234'] }),
    link_id: z
      .int()
      .positive()
      .meta({ examples: [20] }),
    user_agent: text(
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_13_6) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/67.0.3396.99 Safari/537.36',
    ),
    browser: text('Chrome'),
    browser_version: text('67.0.3396.99'),
    platform: text('Mac'),
    device_type: text('desktop'),
    device_brand: text('Apple'),
    country: text('India'),
    country_code: text('IN'),
    region: text('Haryana'),
    city: text('Gurugram'),
    mobile: z
      .string()
      .nullable()
      .meta({
        description:
          "The recipient's number, with its country code where that is known, whole or with `***` for its last three digits (`whole_numbers` of the webhook); null for a link without recipients.",
        examples: ['919019955123'],
      }),
    created_at: wallTime('2022-10-31 10:07:27', 'When the link was opened.'),
  })
  .meta({ id: 'VisitMessage', description: 'A visit as webhooks are told of it.' })

/** What webhooks are told, for the API's document. */
export const webhookMessages = {
  visit: {
    summary: 'A visit of a link that names the webhook',
    description: 'At least once, and in the order of the visits of a link.',
    tags: ['Webhooks'],
    body: visitMessage,
  },
}
