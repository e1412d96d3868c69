import { statement } from '../database/open.js'

export interface PositionSearch {
  /** The number that is looked for: a column of visits that has an index behind `key`. */
  position: 'seq' | 'human_seq' | 'account_seq'
  /** Whose visits: a condition on `visits v`. */
  key: string
  /** Whether a visit lies before what is looked for, as SQL. Once false, it stays false for all later ones. */
  isBefore: string
  /** Parameters that hold the lowest and the highest number, such as `$3`. */
  bounds: [first: string, last: string]
}

/**
 * Statement for the first number whose visit is not `isBefore`, as `low`; one past the highest when there is none.
 *
 * Binary search: some twenty reads of the index, whatever the log's length. A gap counts as its next visit.
 */
export function searchStatement({ position, key, isBefore, bounds: [first, last] }: PositionSearch) {
  return statement(`
WITH RECURSIVE search (low, high) AS (
  SELECT ${first}::int8, ${last}::int8 + 1
  UNION ALL
  SELECT CASE WHEN v.is_before THEN v.position + 1 ELSE low END, CASE WHEN v.is_before THEN high ELSE middle END
  FROM (SELECT low, high, (low + high) / 2 AS middle FROM search WHERE low < high) s
  LEFT JOIN LATERAL (
    SELECT ${isBefore} AS is_before, v.${position} AS position FROM visits v
    WHERE ${key} AND v.${position} >= middle AND v.${position} < high
    ORDER BY v.${position} LIMIT 1
  ) v ON true
)
SELECT low FROM search WHERE low >= high`)
}
