/** What can speak against a person's visit: that it came from a network of scanners. */
export const suspicions = ['network'] as const

/** Whether something speaks against a visit, which is a person's then: of `visits v`. A database expression, true or not. */
export const isSuspected = `v.human_seq IS NOT NULL AND v.options ->> 'suspect' IN (${suspicions.map((one) => `'${one}'`).join(', ')})`
