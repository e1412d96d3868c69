import type { PoolClient } from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { appendVisits } from '../../src/visits/append.js'
import { createDatabase, type TestDatabase } from '../support/database.js'
import { newVisit, storeLinks, storeRecipients } from '../support/visits.js'

let database: TestDatabase
let client: PoolClient

/** A log of ten visits, every third of a bot. What a test does to it is rolled back. */
beforeAll(async () => {
  database = await createDatabase(inject('templateName'))
  await storeLinks(database.db, 26, 21)
  await storeRecipients(database.db, 26, 21, ['4477009001'])
  const visits = Array.from({ length: 10 }, (_, at) => newVisit(21, { isBot: at % 3 === 2 }))
  await appendVisits(database.db, 26, visits)
  client = await database.db.pool.connect()
})
afterAll(async () => {
  client?.release()
  await database?.drop()
})

/** Runs statements past all code. @returns the name of the constraint that refused one */
async function refusal(...statements: string[]): Promise<string> {
  await client.query('BEGIN')
  try {
    for (const sql of statements) await client.query(sql)
    return 'nothing refused it'
  } catch (error) {
    return (error as { constraint?: string }).constraint ?? String(error)
  } finally {
    await client.query('ROLLBACK')
  }
}

interface Numbers {
  seq: number
  human: number | null
  account: number
}

/** Copies of the first visit under other numbers, in one statement. */
function insert(...numbers: Numbers[]): string {
  const rows = JSON.stringify(numbers.map((row) => ({ ...row, id: uuidv7() })))
  return `
INSERT INTO visits (user_id, link_id, seq, account_seq, human_seq, user_agent_id, created_at, recorded_at, id, visit_id)
SELECT 26, 21, t.seq, t.account, t.human, v.user_agent_id, now(), now(), t.id, t.id
FROM json_to_recordset('${rows}') AS t (seq int8, human int8, account int8, id uuid) JOIN visits v ON v.seq = 1`
}

/** What the link says it has more than it has. */
const claim = (visits: number, people: number) =>
  `UPDATE links SET visits = visits + ${visits}, human_visits = human_visits + ${people}`

describe('the database itself', () => {
  it('takes the next numbers', async () => {
    const rows = insert({ seq: 11, human: null, account: 11 }, { seq: 12, human: 8, account: 12 })
    expect(await refusal(claim(2, 1), rows)).toBe('nothing refused it')
  })

  const [twelve, dense] = [{ seq: 12, human: null, account: 12 }, 'visits_dense_positions']
  it.each<[string, [visits: number, people: number], Numbers[], string]>([
    ['a number twice', [0, 0], [{ seq: 10, human: null, account: 11 }], 'visits_pkey'],
    ['a number of people twice', [1, 0], [{ seq: 11, human: 7, account: 11 }], 'visits_user_id_link_id_human_seq_key'],
    [
      'a position of the account twice',
      [1, 0],
      [{ seq: 11, human: null, account: 10 }],
      'visits_user_id_account_seq_key',
    ],
    ['a gap before what is added', [2, 0], [twelve], dense],
    [
      'a gap within what is added',
      [3, 0],
      [
        { seq: 11, human: null, account: 11 },
        { ...twelve, seq: 13 },
      ],
      dense,
    ],
    ['a gap before numbers of people', [1, 2], [{ seq: 11, human: 9, account: 11 }], dense],
    [
      'a gap within numbers of people',
      [2, 3],
      [
        { seq: 11, human: 8, account: 11 },
        { ...twelve, human: 10 },
      ],
      dense,
    ],
    ['a number that the link does not count', [0, 0], [{ seq: 11, human: null, account: 11 }], dense],
    ['a link that counts more than it has', [2, 0], [{ seq: 11, human: null, account: 11 }], dense],
    ['people that the link does not count', [1, 0], [{ seq: 11, human: 8, account: 11 }], dense],
    ['a link that counts more people than it has', [1, 2], [{ seq: 11, human: 8, account: 11 }], dense],
    ['number 0', [0, 0], [{ seq: 0, human: null, account: 11 }], 'visits_positions_check'],
    ['position 0', [1, 0], [{ seq: 11, human: null, account: 0 }], 'visits_positions_check'],
    ['a number of people above the number', [1, 0], [{ seq: 11, human: 12, account: 11 }], 'visits_positions_check'],
  ])('refuses %s', async (_, claimed, rows, constraint) => {
    expect(await refusal(claim(...claimed), insert(...rows))).toBe(constraint)
  })

  it.each([
    ['the newest visit', 'seq = 10'],
    ['the oldest visit', 'seq = 1'],
    ['a visit in the middle', 'seq = 5'],
    ['all visits', 'true'],
  ])('refuses to delete %s while the link keeps it', async (_, which) => {
    expect(await refusal(`DELETE FROM visits WHERE ${which}`)).toBe('visits_dense_positions')
  })

  it('lets visits go that the link keeps no more, and goes on with the next number', async () => {
    const raise = 'UPDATE links SET first_seq = 11, first_human_seq = 8'
    const copies = `CREATE TEMPORARY TABLE next ON COMMIT DROP AS SELECT * FROM visits WHERE seq = 10`
    const numbers = 'UPDATE next SET seq = 11, human_seq = 8, account_seq = 11'
    const next = [copies, numbers, raise, 'DELETE FROM visits WHERE seq < 11', claim(1, 1)]
    expect(await refusal(...next, 'INSERT INTO visits SELECT * FROM next')).toBe('nothing refused it')
    expect(await refusal(...next, 'UPDATE next SET human_seq = 7', 'INSERT INTO visits SELECT * FROM next')).toBe(dense)
  })

  it.each([
    ['links SET visits = -1', 'links_counters_check'],
    ['links SET human_visits = -1', 'links_counters_check'],
    ['links SET human_visits = 11', 'links_counters_check'],
    ['links SET first_seq = 0', 'links_counters_check'],
    ['links SET first_seq = 12', 'links_counters_check'],
    ['links SET first_human_seq = 0', 'links_counters_check'],
    ['links SET first_human_seq = 9', 'links_counters_check'],
    ['links SET reached = -1', 'links_counters_check'],
    ['links SET reached = 2', 'links_counters_check'],
    ['links SET last_recipient = -1', 'links_counters_check'],
    ['links SET revision = -1', 'links_counters_check'],
    ['links SET status = 2', 'links_status_check'],
    ['links SET redirect_status = 200', 'links_redirect_status_check'],
    ["links SET long_url = ''", 'links_target_check'],
    ['links SET id = 0', 'links_id_check'],
    ['owners SET last_account_seq = -1', 'owners_counters_check'],
    ['owners SET last_link_id = -1', 'owners_counters_check'],
    ['recipients SET visits = -1', 'recipients_visits_check'],
    ['recipients SET human_visits = 1', 'recipients_visits_check'],
    ['recipients SET visits = 1, human_visits = 1', 'recipients_visits_check'],
    ['recipients SET visited = true', 'recipients_visits_check'],
    ["tokens SET token = 'a b'", 'tokens_token_check'],
    ['visits SET user_agent_id = 1', 'visits_references'],
    ['visits SET place_id = 1', 'visits_references'],
    ['visits SET recipient_id = 2', 'visits_references'],
    ['visits SET link_id = 22', 'visits_references'],
  ])('refuses UPDATE %s', async (change, constraint) => {
    expect(await refusal(`UPDATE ${change}`)).toBe(constraint)
  })
})
