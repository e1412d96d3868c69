/** What a server process can do: answer the API, open short links, and work in the background (webhooks, removal). */
export const everyRole = ['api', 'redirect', 'work'] as const

export type Role = (typeof everyRole)[number]
