/** What is left of a visit's `options` when its person was erased: whether it was a bot, and why. A database expression. */
export const blankOptions = (options: string) => `
  CASE WHEN (${options} ->> 'bot') = 'true'
    THEN ('{"bot":true,"bot_reason":' || coalesce((${options} -> 'bot_reason')::text, 'null') || '}')::json END`
