import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { erasePerson } from '../../src/erasures/erase.js'
import { createRecipients } from '../../src/recipients/create.js'
import { soughtMobile } from '../../src/recipients/given-mobile.js'
import { keyMarked, keyNext, openMobileKeys, ownersToKey } from '../../src/recipients/key-mobiles.js'
import { mobileRule } from '../../src/recipients/mobile.js'
import { mobileSearch, selectByMobile } from '../../src/recipients/mobile-search.js'
import { openApp, type TestApp } from '../support/app.js'
import { storeLink, storeRecipients } from '../support/visits.js'

let site: TestApp
beforeAll(async () => {
  site = await openApp()
})
afterAll(() => site.close())

const rule = mobileRule(undefined)
const british = mobileRule('GB')
const silent = { error: () => {} }
let lastOwner = 200

async function wanting() {
  const owners = []
  for await (const owner of ownersToKey(site.db, rule)) owners.push(owner)
  return owners
}

/** An owner whose recipients were stored before numbers had keys. */
async function oldOwner(mobiles: string[], links = 1) {
  const owner = ++lastOwner
  const ids = Array.from({ length: links }, (_, at) => owner * 10 + at)
  for (const id of ids) {
    await storeLink(site.db, owner, id)
    await storeRecipients(site.db, owner, id, mobiles)
  }
  await site.db.pool.query('UPDATE recipients SET mobile_key = NULL WHERE user_id = $1', [owner])
  await site.db.pool.query("UPDATE owners SET mobile_rule = '' WHERE id = $1", [owner])
  const keys = async () => {
    const { rows } = await site.db.pool.query<{ mobile_key: string | null }>(
      'SELECT mobile_key FROM recipients WHERE user_id = $1 ORDER BY link_id, id',
      [owner],
    )
    return rows.map((row) => row.mobile_key)
  }
  const state = async () => {
    const { rows } = await site.db.pool.query<{ mobile_rule: string | null }>(
      'SELECT mobile_rule FROM owners WHERE id = $1',
      [owner],
    )
    return rows[0]?.mobile_rule
  }
  const found = async (mobile: string) => {
    const values: unknown[] = [owner, ids[0]]
    const search = mobileSearch(rule, [soughtMobile(mobile) ?? ''])
    const text = selectByMobile('r.id::int', { link: '$2' }, search, (value) => `$${values.push(value)}`)
    const { rows } = await site.db.pool.query<{ id: number }>(text, values)
    return rows.map(({ id }) => id).sort()
  }
  const want = async (mobile: string, by = rule) => {
    const wanted = [{ mobile, messageId: null, sentAt: null }]
    return (await createRecipients(site.db, owner, ids[0] ?? 0, wanted, by)).recipients
  }
  return { owner, link: ids[0] ?? 0, keys, state, found, want }
}

const mobiles = [
  '+447700900801',
  '00447700900802',
  '4407700900803',
  '9019955123',
  '4477009***',
  'unknown',
  '07700900804',
]
const keyed = [
  ...['447700900801', '447700900802', '447700900803', '9019955123', '4477009***', '!unknown', '07700900804'],
]

describe('numbers that were stored without keys', () => {
  it('get them step by step, and a step that follows goes on where the one before ended', async () => {
    const { owner, keys, state } = await oldOwner(mobiles)
    expect(await keyNext(site.db, owner, rule, 3)).toBe(true)
    expect(await keys()).toEqual([...keyed.slice(0, 3), null, null, null, null])
    expect(await state()).toBe(`${rule.name}>${owner * 10}/3`)
    expect(await keyNext(site.db, owner, rule, 3)).toBe(true)
    expect(await keyNext(site.db, owner, rule, 3)).toBe(false)
    expect([await keys(), await state()]).toEqual([keyed, rule.name])
    expect(await keyNext(site.db, owner, rule, 3)).toBe(false)
  })

  it('get them once from several processes at the same time', async () => {
    const { owner, keys, state } = await oldOwner(mobiles, 3)
    const walk = async () => {
      while ((await state()) !== rule.name) await keyNext(site.db, owner, rule, 2)
    }
    await Promise.all([walk(), walk(), walk()])
    expect(await keys()).toEqual([...keyed, ...keyed, ...keyed])
  })

  it('are found in every spelling before, while and after they get them', async () => {
    const { owner, found, want } = await oldOwner(mobiles)
    const look = async () => {
      for (const [at, mobile] of ['447700900801', '+447700900802', '0044 (0)7700 900803', '9019955123'].entries()) {
        expect([mobile, await found(mobile)]).toEqual([mobile, [at + 1]])
        expect((await want(mobile.replace(/[ ()]/g, '')))[0]?.id).toBe(at + 1)
      }
    }
    await look()
    await keyNext(site.db, owner, rule, 2)
    await look()
    while (await keyNext(site.db, owner, rule, 2));
    await look()
  })

  it('are erased in every spelling before they get them, whatever stands between the digits', async () => {
    const { owner } = await oldOwner(['+44 7700 900801', '447700900801', '447700900802'], 2)
    expect(await erasePerson(site.db, owner, '0044 7700 900801', null)).toMatchObject({ recipients: 4 })
  })

  it('get them from a job that a server runs, and new ones have theirs from the start', async () => {
    const { link, keys, want } = await oldOwner(mobiles)
    await want('+447700900809')
    const job = openMobileKeys({ db: site.db, rule, log: silent })
    await expect.poll(keys).toEqual([...keyed, '447700900809'])
    await job.close()
    expect((await want('447700900809'))[0]).toMatchObject({ id: 8, mobile: '+447700900809' })
    expect(link).toBeGreaterThan(0)
  })
})

describe('a recipient that an older server writes, without a key', () => {
  it('is found at once, and gets its key in the next round', async () => {
    const { owner, link, keys, state, found, want } = await oldOwner(['447700900801'])
    while (await keyNext(site.db, owner, rule));
    const write = `
      WITH given AS (INSERT INTO tokens (token, user_id, link_id) VALUES ($3, $1, $2)),
      counted AS (UPDATE links SET last_recipient = 2 WHERE user_id = $1 AND id = $2)
      INSERT INTO recipients (user_id, link_id, id, token, mobile) VALUES ($1, $2, 2, $3, '+44 7700 900802')`
    await site.db.pool.query(write, [owner, link, `old${owner}`])
    expect([await state(), await found('447700900802')]).toEqual([rule.name, [2]])
    expect((await want('00447700900802'))[0]?.id).toBe(2)
    expect(await wanting()).toContainEqual({ ownerId: owner, isKeyed: true })
    expect(await keyMarked(site.db, owner, rule)).toBe(false)
    expect(await keys()).toEqual(['447700900801', '447700900802'])
    expect(await wanting()).not.toContainEqual({ ownerId: owner, isKeyed: true })
  })

  it('has no key of the number that it had before', async () => {
    const { owner, found } = await oldOwner(['447700900801'])
    while (await keyNext(site.db, owner, rule));
    await site.db.pool.query("UPDATE recipients SET mobile = '447700900802' WHERE user_id = $1", [owner])
    expect([await found('+447700900801'), await found('+447700900802')]).toEqual([[], [1]])
    await site.db.pool.query('UPDATE recipients SET mobile = NULL WHERE user_id = $1', [owner])
    expect(await found('+447700900802')).toEqual([])
  })
})

describe('another default country', () => {
  it('gives new keys to what was stored before, and the numbers are found meanwhile', async () => {
    const { owner, keys, state, want } = await oldOwner(['07700900801', '+447700900802', '12345'])
    while (await keyNext(site.db, owner, rule));
    expect((await want('+447700900801', british))[0]?.id).toBe(1)
    expect(await erasePerson(site.db, owner, '7700900802', null, undefined, british)).toMatchObject({ recipients: 1 })
    while (await keyNext(site.db, owner, british, 1));
    expect([await keys(), await state()]).toEqual([['447700900801', null, '12345'], british.name])
    while (await keyNext(site.db, owner, rule));
    expect(await keys()).toEqual(['07700900801', null, '12345'])
  })

  it('of one server beside others leaves no keys that are thought to be by one rule', async () => {
    const { owner, want, keys, state } = await oldOwner(['9019955123'])
    while (await keyNext(site.db, owner, rule));
    await want('07700900801', british)
    expect(await state()).toBe('')
    expect((await want('07700900801'))[0]?.id).toBe(2)
    while (await keyNext(site.db, owner, rule));
    expect(await keys()).toEqual(['9019955123', '07700900801'])
  })
})
