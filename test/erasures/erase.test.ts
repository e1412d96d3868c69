import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { logWay } from '../../src/capture/log-way.js'
import { openRecorder } from '../../src/capture/recorder.js'
import { openSpool } from '../../src/capture/spool.js'
import { inTransaction } from '../../src/database/transaction.js'
import { blankVisits } from '../../src/erasures/blank-visits.js'
import { erasePerson } from '../../src/erasures/erase.js'
import { eraseRecipients } from '../../src/erasures/erase-recipients.js'
import { beginErasure } from '../../src/erasures/erasure.js'
import { hashOfMobile } from '../../src/erasures/mobile-hash.js'
import { settleRecipients } from '../../src/recipients/repository.js'
import { appendVisits } from '../../src/visits/append.js'
import { examineLog } from '../../src/visits/doctor.js'
import { type TestApp, testApp } from '../support/app.js'
import { emptiedDatabase } from '../support/database.js'
import { newVisit, storeLink, storeRecipients } from '../support/visits.js'
import { Writer } from '../support/writers.js'

const database = emptiedDatabase()

const mobile = '447700900123'
const other = '447700900124'
const scope = 'recipients:erase visits:read visits:pii links:read links:write'

const writers: Writer[] = []
afterEach(async () => {
  await Promise.all(writers.splice(0).map((writer) => writer.close()))
})

/** Owners 26 and 27, each with links 1 and 2 to two people, each of whom has opened each link once. */
async function someVisits(): Promise<TestApp> {
  const site = await testApp({ databaseUrl: (await database()).url })
  for (const owner of [26, 27]) {
    await site.db.prisma.owner.create({ data: { id: owner, lastLinkId: 2 } })
    for (const link of [1, 2]) {
      await storeLink(site.db, owner, link)
      await storeRecipients(site.db, owner, link, [mobile, other], [`o${owner}l${link}a`, `o${owner}l${link}b`])
      const clicks = [1, 2].map((recipientId) => {
        return newVisit(link, { recipientId, clientIp: '10.0.0.7', queryString: 'name=Jo', options: { note: 'Jo' } })
      })
      await appendVisits(site.db, owner, clicks)
    }
  }
  return site
}

const erase = (site: TestApp, number: unknown = mobile, owner = 26, as = scope) =>
  site.app.inject({
    method: 'POST',
    url: '/recipients/erase',
    payload: { mobile: number },
    headers: site.as(owner, as),
  })

const get = (site: TestApp, url: string, owner = 26, headers = {}) =>
  site.app.inject({ url, headers: { ...site.as(owner, scope), ...headers } })

const blank = { token: null, message_id: null, mobile: null, client_ip: '', query_string: '', options: null }

async function findings(site: TestApp) {
  const found: unknown[] = []
  const { signal } = new AbortController()
  await examineLog(site.db, { repair: false, signal, report: (finding) => found.push(finding) })
  return found
}

describe('erasing a person', () => {
  it('blanks them in all links, and nobody else; rows stay counted', async () => {
    const site = await someVisits()
    const foreign = await get(site, '/link/urls/1/visits', 27)
    const before = (await get(site, '/link/urls/1/visits/stats?group_by=country_code,browser')).json().data
    const answer = await erase(site, '+44 (7700) 900-123')
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toMatchObject({
      message: 'Recipient Erased Successfully',
      data: { recipients: 2, visits: 2, erased_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) },
    })
    for (const link of [1, 2]) {
      const { data, meta } = (await get(site, `/link/urls/${link}/visits`)).json()
      expect(meta.total).toBe(2)
      expect(data[1]).toMatchObject({ ...blank, browser: 'Chrome', country: 'localhost' })
      expect(data[0]).toMatchObject({ token: `o26l${link}b`, mobile: other, client_ip: '10.0.0.7' })
      const recipients = (await get(site, `/link/urls/${link}/recipients`)).json()
      expect(recipients.meta.total).toBe(2)
      expect(recipients.data[1]).toMatchObject({ id: 1, token: null, short_url: null, mobile: null, visits: 1 })
    }
    const after = (await get(site, '/link/urls/1/visits/stats?group_by=country_code,browser')).json().data
    expect(after.groups).toEqual(before.groups)
    expect(after.totals).toMatchObject({ visits: 2, people: 2, recipients_reached: 2, recipients_sent: 2 })
    expect((await get(site, '/link/urls/1/visits', 27)).body).toBe(foreign.body)
    const { rows } = await site.db.pool.query(
      `SELECT count(*)::int AS traces FROM recipients r FULL JOIN visits v ON v.link_id = r.link_id AND v.user_id = r.user_id
       WHERE r.user_id = 26 AND (r::text ~ '${mobile}' OR r::text ~ 'l[12]a')`,
    )
    expect(rows).toEqual([{ traces: 0 }])
    expect(await findings(site)).toEqual([])
  })

  it('answers a second time the same, with nothing left to blank', async () => {
    const site = await someVisits()
    await erase(site)
    const again = await erase(site)
    expect(again.json()).toMatchObject({ code: 200, data: { recipients: 0, visits: 0 } })
    expect((await erase(site, '33612345678')).json()).toMatchObject({ code: 200, data: { recipients: 0, visits: 0 } })
  })

  it('is recorded without the number: who asked, when, how many', async () => {
    const site = await someVisits()
    const first = (await erase(site)).json().data
    await erase(site)
    await erase(site, other)
    const { data, meta } = (await get(site, '/recipients/erasures?per_page=2')).json()
    expect(meta).toMatchObject({ total: 3, per_page: 2, last_page: 2 })
    expect(data.map(({ visits }: { visits: number }) => visits)).toEqual([2, 0])
    expect(data[1].mobile_hash).not.toBe(data[0].mobile_hash)
    const [oldest] = (await get(site, '/recipients/erasures?per_page=2&page=2')).json().data
    expect(oldest).toMatchObject({ ...first, access_token_id: null, mobile_hash: data[1].mobile_hash })
    expect(JSON.stringify([data, oldest])).not.toContain(mobile)
    expect((await get(site, '/recipients/erasures', 27)).json().data).toEqual([])
  })

  it('does not say how much there was of a number to who may not see numbers', async () => {
    const site = await someVisits()
    const officer = 'recipients:erase'
    for (const number of [mobile, '15551234567']) {
      expect((await erase(site, number, 26, officer)).json().data).toEqual({
        ...{ id: expect.any(String), erased_at: expect.any(String), recipients: null, visits: null },
      })
    }
    const list = await site.app.inject({ url: '/recipients/erasures', headers: site.as(26, officer) })
    const hidden = { recipients: null, visits: null, mobile_hash: null }
    expect(list.json().data).toMatchObject([hidden, hidden])
    const shown = (await get(site, '/recipients/erasures')).json().data
    expect(shown).toMatchObject([{ recipients: 0 }, { recipients: 2, visits: 2 }])
  })

  it('needs its own scope, and a number', async () => {
    const site = await someVisits()
    expect((await erase(site, mobile, 26, 'links:write visits:pii')).statusCode).toBe(403)
    expect((await erase(site, mobile, 26, 'admin')).statusCode).toBe(200)
    const refused = await erase(site, 'Jo')
    expect(refused.statusCode).toBe(422)
    expect(refused.json().errors).toEqual({ mobile: ['The mobile field must be a phone number of 5 to 20 digits.'] })
  })

  it('changes the ETag of what it changes', async () => {
    const site = await someVisits()
    const urls = ['visits', 'visits?filter[browser]=Chrome', 'visits/feed?limit=1', 'visits/stats', 'recipients']
    const all = [...urls.map((url) => `/link/urls/1/${url}`), '/link/visits/feed', '/link/visits/stats']
    const tags = await Promise.all(all.map(async (url) => String((await get(site, url)).headers.etag)))
    await erase(site)
    for (const [index, url] of all.entries()) {
      const answer = await get(site, url, 26, { 'if-none-match': tags[index] })
      expect([url, answer.statusCode]).toEqual([url, 200])
      expect(answer.body).not.toContain('o26l1a')
    }
  })

  it('changes the ETag of visits at each step', async () => {
    const site = await someVisits()
    const urls = ['/link/urls/1/visits', '/link/urls/1/visits/feed', '/link/visits/feed']
    const tagsOf = () => Promise.all(urls.map(async (url) => (await get(site, url)).headers.etag))
    const id = await beginErasure(site.db, 26, await hashOfMobile(site.db, mobile), null)
    const steps = [
      () => eraseRecipients(site.db, 26, id, [{ link: 1, recipient: 1 }]),
      () => blankVisits(site.db, 26, id, 1, [1]),
    ]
    for (const step of steps) {
      const before = await tagsOf()
      await step()
      const after = await tagsOf()
      expect(after.filter((tag, at) => tag === before[at])).toEqual([])
    }
  })
})

describe('after an erasure', () => {
  it('the token leads on, and its visits carry nothing of the person', async () => {
    const site = await someVisits()
    const open = () => site.app.inject({ url: '/o26l1a?name=Jo', headers: { host: 'api.example.com' } })
    expect((await open()).statusCode).toBe(302)
    await erase(site)
    expect((await open()).statusCode).toBe(302)
    const { data, meta } = (await get(site, '/link/urls/1/visits')).json()
    expect(meta.total).toBe(4)
    expect(data[0]).toMatchObject({ ...blank, options: data[0].options })
    expect(data[1]).toMatchObject({ ...blank, options: data[1].options })
    const reuse = { long_url: 'https://example.com/', slug: 'o26l1a' }
    const edit = { method: 'PUT', url: '/link/urls/1', payload: reuse, headers: site.as(26, scope) } as const
    expect((await site.app.inject(edit)).statusCode).toBe(422)
  })

  it('visits that waited in a spool arrive blank', async () => {
    const site = await someVisits()
    const directory = await mkdtemp(join(tmpdir(), 'smart-link-erased-'))
    onTestFinished(() => rm(directory, { recursive: true, force: true }))
    const log = { info: () => {}, warn: () => {}, error: () => {} }
    const spool = await openSpool({ directory, maxBytes: 2 ** 24, log })
    await spool.append(26, newVisit(1, { recipientId: 1, clientIp: '10.0.0.9', queryString: 'name=Jo' }))
    await erase(site)
    const recorder = openRecorder({ way: logWay(site.db), spool, waitMs: 1000, log })
    await expect.poll(async () => (await get(site, '/link/urls/1/visits')).json().meta.total).toBe(3)
    const [arrived] = (await get(site, '/link/urls/1/visits')).json().data
    expect(arrived).toMatchObject(blank)
    expect((await get(site, '/link/urls/1/recipients')).json().data[1]).toMatchObject({ visits: 2, mobile: null })
    await recorder.close()
    await spool.close()
    expect(await findings(site)).toEqual([])
  })

  it('an import does not bring the person back', async () => {
    const site = await someVisits()
    await erase(site)
    const claim = { linkId: 1, token: 'o26l1a', messageId: 'm-1', mobile }
    expect(await inTransaction(site.db, (client) => settleRecipients(client, 26, [claim]))).toEqual([null])
    const { rows } = await site.db.pool.query('SELECT FROM recipients WHERE user_id = 26 AND mobile = $1', [mobile])
    expect(rows).toEqual([])
  })

  it('what an import had in hand meanwhile is stored blank, and as a bot’s or a suspect’s if it was', async () => {
    const site = await someVisits()
    await erase(site)
    const about = { recipientId: 1, clientIp: '10.0.0.9', queryString: 'name=Jo' }
    await appendVisits(site.db, 26, [
      newVisit(1, { ...about, options: { note: 'Jo' } }),
      newVisit(1, { ...about, isBot: true, options: { note: 'Jo', bot: true, bot_reason: 'agent' } }),
      newVisit(1, { ...about, options: { note: 'Jo', suspect: 'network' } }),
      newVisit(1, { ...about, recipientId: 2, options: { note: 'Jim' } }),
    ])
    const { data } = (await get(site, '/link/urls/1/visits')).json()
    expect(data[0].options).toEqual({ note: 'Jim' })
    expect(data[1]).toMatchObject({ ...blank, options: { suspect: 'network' } })
    expect(data[2]).toMatchObject({ ...blank, options: { bot: true, bot_reason: 'agent' } })
    expect(data[3]).toMatchObject(blank)
  })
})

it('is finished by the next call when it was cut off in the middle, and counts each visit once', async () => {
  const site = await someVisits()
  const { db } = site
  await appendVisits(
    db,
    26,
    Array.from({ length: 50 }, () => newVisit(1, { recipientId: 1 })),
  )
  // What a process that was killed has left: some steps are done, and none by halves.
  const id = await beginErasure(db, 26, await hashOfMobile(db, mobile), null)
  await eraseRecipients(db, 26, id, [{ link: 1, recipient: 1 }])
  await blankVisits(db, 26, id, 1, [1, 3, 4, 5])
  const answer = await erase(site)
  expect(answer.json().data).toMatchObject({ id, recipients: 2, visits: 52 })
  const { rows } = await db.pool.query(
    `SELECT count(*)::int AS left FROM visits WHERE user_id = 26 AND recipient_id = 1
     AND (client_ip IS NOT NULL OR query_string IS NOT NULL)`,
  )
  expect(rows).toEqual([{ left: 0 }])
  expect(await findings(site)).toEqual([])
})

it('leaves nothing of the person while four processes write, and every number stays', async () => {
  const site = await someVisits()
  const batch = () => {
    return Array.from({ length: 8 }, (_, at) => {
      return newVisit(1 + (at % 2), {
        recipientId: 1 + (at % 3 === 0 ? 1 : 0),
        clientIp: '10.0.0.7',
        queryString: 'n=Jo',
      })
    })
  }
  writers.push(...[1, 2, 3, 4].map(() => new Writer(site.url)))
  let answered = 0
  let started = () => {}
  const running = new Promise<void>((resolve) => {
    started = resolve
  })
  const writing = writers.map((writer) =>
    writer.append(26, Array.from({ length: 40 }, batch), () => {
      if (++answered === 20) started()
    }),
  )
  await running
  const { recipients } = await erasePerson(site.db, 26, mobile, null, 7)
  expect(recipients).toBe(2)
  await Promise.all(writing)
  const { rows } = await site.db.pool.query(
    `SELECT count(*) FILTER (WHERE recipient_id = 1 AND (client_ip IS NOT NULL OR query_string IS NOT NULL))::int AS left,
       count(*) FILTER (WHERE recipient_id = 2 AND client_ip IS NULL)::int AS lost, count(*)::int AS all
     FROM visits WHERE user_id = 26`,
  )
  expect(rows).toEqual([{ left: 0, lost: 0, all: 4 + 4 * 40 * 8 }])
  expect(await findings(site)).toEqual([])
})
