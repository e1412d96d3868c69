/** What a column of a file may have. */
export const fields = ['mobile', 'message_id', 'sent_at', 'country_code'] as const
export type FieldName = (typeof fields)[number]

/** Which column of a file has which field, from 0; null: none. */
export type Columns = Record<FieldName, number | null>
