import { suspicions } from './suspects.js'

/**
 * What is left of a visit's `options` when its person was erased: whether it was a bot, and why, or what speaks against it. A
 * database expression.
 */
export const blankOptions = (options: string) => `
  CASE WHEN (${options} ->> 'bot') = 'true'
    THEN ('{"bot":true,"bot_reason":' || coalesce((${options} -> 'bot_reason')::text, 'null') || '}')::json
    ${suspicions.map((one) => `WHEN (${options} ->> 'suspect') = '${one}' THEN '{"suspect":"${one}"}'::json`).join('\n    ')} END`
