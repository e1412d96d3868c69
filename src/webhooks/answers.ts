/** What answers about webhooks look like (docs/api-contract.md section 8). */
import { z } from 'zod'
import { cursorListSchema } from '../http/cursor-list.js'
import { emptySchema, okSchema, pageSchema } from '../http/envelope.js'
import { instantWith } from '../http/time.js'
import { deliveryStates, mask } from './schema.js'

const instant = (example: string) => instantWith(6, example)

const masked = z.literal(mask)

const webhookSchema = z
  .object({
    id: z.guid().meta({ examples: ['01a0f5b2-7d1c-7c3e-9a56-0d6f4c2b8e11'] }),
    name: z.string().meta({ examples: ['Orders'] }),
    uri: z.string().meta({ examples: ['https://www.example.com/hooks/visit?link={link_id}'] }),
    secret: masked.nullable().meta({ description: 'Null: there is none.', examples: [mask] }),
    verification_code: masked.meta({ examples: [mask] }),
    status: z.literal([0, 1]).meta({ description: '1: active.', examples: [1] }),
    created_at: instant('2022-10-11T09:58:42.000000Z'),
    updated_at: instant('2022-10-11T09:58:42.000000Z'),
    whole_numbers: z
      .literal([0, 1])
      .meta({ description: 'Only with `include=settings`. 1: numbers are sent whole; 0: masked.', examples: [1] })
      .optional(),
  })
  .meta({ id: 'Webhook', description: 'Where visits of links that name it are sent.' })

const verificationCodeSchema = z
  .object({
    verification_code: z.string().meta({
      description: 'The key of Standard Webhooks signatures: `whsec_` and base64.',
      examples: ['whsec_c21hcnQtbGluay1leGFtcGxlLXNpZ25pbmcta2V5ISE='],
    }),
  })
  .meta({ id: 'VerificationCode' })

const deliverySchema = z
  .object({
    id: z.guid().meta({
      description: 'That of the visit, and `webhook-id` of the request.',
      examples: ['835b7433-0aaf-457c-88e7-7433b00d1234'],
    }),
    link_id: z
      .int()
      .positive()
      .meta({ examples: [20] }),
    seq: z
      .int()
      .positive()
      .meta({
        description: 'Number of the visit in its link: deliveries of a link are made in this order.',
        examples: [1],
      }),
    state: z
      .enum(deliveryStates)
      .meta({ description: 'parked: given up; it can be replayed.', examples: ['delivered'] }),
    attempts: z
      .int()
      .nonnegative()
      .meta({ examples: [1] }),
    last_attempt_at: instant('2022-10-31T10:07:28.000000Z').nullable(),
    last_status: z
      .int()
      .nullable()
      .meta({ description: 'HTTP status of the last answer; null: there was none.', examples: [200] }),
    last_error: z
      .string()
      .nullable()
      .meta({ examples: [null] }),
    created_at: instant('2022-10-31T10:07:27.000000Z'),
    next_attempt_at: instant('2022-10-31T10:08:00.000000Z')
      .nullable()
      .meta({ description: 'Of a delivery that has failed and is tried again.', examples: [null] }),
  })
  .meta({ id: 'WebhookDelivery', description: 'A visit that a webhook is told of.' })

export const deliveriesAnswer = cursorListSchema(
  deliverySchema,
  'https://api.example.com/developer/webhooks/01a0f5b2-7d1c-7c3e-9a56-0d6f4c2b8e11/deliveries',
)

const replayedSchema = z
  .object({
    replayed: z
      .int()
      .nonnegative()
      .meta({ description: 'How many deliveries will be made again.', examples: [3] }),
  })
  .meta({ id: 'Replayed' })

export const webhooksAnswer = pageSchema('OK', webhookSchema)
export const webhookAnswer = okSchema('OK', webhookSchema)
export const webhookCreatedAnswer = okSchema('Webhook Created Successfully', webhookSchema)
export const webhookUpdatedAnswer = okSchema('Webhook Updated Successfully', webhookSchema)
export const webhookDeletedAnswer = emptySchema('Webhook Deleted Successfully')
export const codeAnswer = okSchema('OK', verificationCodeSchema)
export const codeCreatedAnswer = okSchema('Verification Code Created Successfully', verificationCodeSchema)
export const deliveriesReplayedAnswer = okSchema('Deliveries Replayed Successfully', replayedSchema)
export const deliveryReplayedAnswer = emptySchema('Delivery Replayed Successfully')
