import { describe, expect, it } from 'vitest'
import { testApp } from '../support/app.js'
import { emptiedDatabase } from '../support/database.js'
import { readMetrics } from '../support/metrics.js'
import { chromeOnMac, storeLink, storeLinks } from '../support/visits.js'

const database = emptiedDatabase()

const token = 'a-token-of-the-monitor'
const authorization = `Bearer ${token}`
const browser = { 'user-agent': chromeOnMac.userAgent ?? '' }

async function measuredSite() {
  const site = await testApp({ env: { METRICS_TOKEN: token }, databaseUrl: (await database()).url })
  await storeLinks(site.db, 26, 21)
  const read = async () => readMetrics((await site.app.inject({ url: '/metrics', headers: { authorization } })).body)
  return { ...site, read }
}

const answers = (method: string, route: string, status: string) =>
  `smart_link_http_request_duration_seconds_count{method="${method}",route="${route}",status="${status}"}`

describe('after some traffic, metrics say', () => {
  it('how many requests of each route were answered, by the class of their status', async () => {
    const { app, as, read } = await measuredSite()
    const page = '/link/urls/21/visits'
    const headers = as(26)
    const { etag = '' } = (await app.inject({ url: page, headers })).headers
    await app.inject({ url: `/api/v2${page}/?page=2`, headers })
    await app.inject({ method: 'HEAD', url: page, headers })
    await app.inject({ url: page, headers: { ...headers, 'if-none-match': etag } })
    await app.inject({ url: '/link/urls/22/visits', headers })
    await app.inject({ url: `${page}?per_page=0`, headers })
    await app.inject({ url: page })
    await app.inject({ method: 'DELETE', url: page, headers })
    await app.inject('/nothing/here')
    await app.inject('/api/v2/no-such-route')
    const metrics = await read()
    const counted = [...metrics].filter(([name]) => name.includes('_request_duration_seconds_count'))
    expect(Object.fromEntries(counted)).toEqual({
      [answers('GET', '/link/urls/:id/visits', '2xx')]: 2,
      [answers('GET', '/link/urls/:id/visits', '3xx')]: 1,
      [answers('GET', '/link/urls/:id/visits', '4xx')]: 3,
      [answers('HEAD', '/link/urls/:id/visits', '2xx')]: 1,
      [answers('*', '/link/urls/:id/visits', '4xx')]: 1,
      [answers('*', '*', '4xx')]: 2,
    })
  })

  it('how many links were opened, and what became of the visits', async () => {
    const { app, db, read } = await measuredSite()
    await storeLink(db, 26, 22, { maxVisits: 1 })
    await storeLink(db, 26, 23)
    for (const path of ['/link26x21', '/link26x21', '/nobody', '/link26x22', '/link26x22', '/link26x23']) {
      await app.inject({ url: path, headers: browser })
    }
    await db.pool.query('DELETE FROM tokens WHERE link_id = 23; DELETE FROM links WHERE id = 23')
    await app.inject({ url: '/link26x23', headers: browser })
    const metrics = await read()
    const value = (name: string) => metrics.get(`smart_link_${name}`)
    expect({
      redirects: value('redirects_total'),
      committed: value('visits_committed_total'),
      spooled: value('visits_spooled_total'),
      orphaned: value('visits_orphaned_total'),
      refused: value('visits_refused_total'),
      waiting: value('visits_waiting'),
      failing: value('commits_failing'),
      commits: value('commit_visits_count'),
      visitsOfCommits: value('commit_visits_sum'),
      commitsOfOne: value('commit_visits_bucket{le="1"}'),
      commitTimes: value('commit_duration_seconds_count'),
      spoolProblem: value('spool_problem'),
      known: value('cache_hits_total{cache="tokens"}'),
      lookedUp: value('cache_misses_total{cache="tokens"}'),
    }).toEqual({
      ...{ redirects: 5, committed: 4, spooled: 0, orphaned: 1, refused: 0, waiting: 0, failing: 0 },
      ...{ commits: 5, visitsOfCommits: 5, commitsOfOne: 5, commitTimes: 5, spoolProblem: 0, known: 3, lookedUp: 4 },
    })
  })

  it('what was found in memory', async () => {
    const { app, as, read } = await measuredSite()
    for (const _ of [1, 2, 3]) await app.inject({ url: '/link26x21', headers: browser })
    for (const _ of [1, 2, 3, 4]) await app.inject({ url: '/link/urls/21/visits', headers: as(26) })
    const metrics = await read()
    const found = (cache: string) =>
      ['hits', 'misses'].map((kind) => metrics.get(`smart_link_cache_${kind}_total{cache="${cache}"}`))
    expect(found('bodies')).toEqual([2, 2])
    // Of three rows: their user agent and their place, first unknown, then known.
    expect(found('fragments')).toEqual([6, 6])
    const [known = 0, lookedUp = 0] = found('access_tokens')
    expect(known + lookedUp).toBe(4)
    expect(lookedUp).toBeGreaterThan(0)
  })

  it('how many feeds wait for a visit', async () => {
    const { app, as, read } = await measuredSite()
    const waiting = async () => (await read()).get('smart_link_feeds_waiting')
    expect(await waiting()).toBe(0)
    const feeds = ['/link/urls/21/visits/feed?wait=60', '/link/visits/feed?wait=60'].map((url) =>
      app.inject({ url, headers: as(26) }),
    )
    await expect.poll(waiting).toBe(2)
    await app.inject({ url: '/link26x21', headers: browser })
    for (const { statusCode } of await Promise.all(feeds)) expect(statusCode).toBe(200)
    expect(await waiting()).toBe(0)
  })

  it('how many streams are open', async () => {
    const { app, as, read } = await measuredSite()
    const address = await app.listen({ port: 0 })
    const open = async () => (await read()).get('smart_link_streams_open')
    const leave = new AbortController()
    const stream = await fetch(`${address}/link/visits/stream`, { headers: as(26), signal: leave.signal })
    expect([stream.status, await open()]).toEqual([200, 1])
    leave.abort()
    await expect.poll(open).toBe(0)
  })

  it('all of it in the form that Prometheus reads', async () => {
    const { app, as } = await measuredSite()
    await app.inject({ url: '/link/urls/21/visits', headers: as(26) })
    const { headers, body } = await app.inject({ url: '/metrics', headers: { authorization } })
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    const types = new Map(
      [...body.matchAll(/^# TYPE (\S+) (counter|gauge|histogram)$/gm)].map(([, name, type]) => [name, type]),
    )
    for (const name of readMetrics(body).keys()) {
      expect(name).toMatch(/^[a-z_]+(?:\{[a-z]+="[^"]*"(?:,[a-z]+="[^"]*")*\})?$/)
      const [family = ''] = name.split('{')
      expect([name, types.get(family) ?? types.get(family.replace(/_(bucket|sum|count)$/, ''))]).not.toContain(
        undefined,
      )
    }
    const route = 'method="GET",route="/link/urls/:id/visits",status="2xx"'
    const buckets = [...readMetrics(body)].filter(([name]) => name.includes('_bucket') && name.includes(route))
    const counts = buckets.map(([, count]) => count)
    expect(counts).toEqual([...counts].sort((a, b) => a - b))
    expect(buckets.at(-1)).toEqual([expect.stringContaining('le="+Inf"'), 1])
  })
})

describe('who may read metrics:', () => {
  it('nobody, unless it is configured', async () => {
    const { app } = await testApp()
    const answer = await app.inject({ url: '/metrics', headers: { authorization } })
    expect([answer.statusCode, answer.json().message]).toEqual([404, 'Not Found'])
  })

  it('with METRICS_TOKEN, who has it', async () => {
    const { app, as } = await measuredSite()
    const given = [
      undefined,
      'Bearer',
      'Bearer wrong',
      `Basic ${token}`,
      `Bearer ${token}x`,
      as(26, 'admin').authorization,
    ]
    for (const authorization of given) {
      const answer = await app.inject({ url: '/metrics', headers: { ...(authorization && { authorization }) } })
      expect([authorization, answer.statusCode, answer.json().data]).toEqual([authorization, 401, []])
    }
    expect((await app.inject(`/metrics?access_token=${token}`)).statusCode).toBe(401)
    const answer = await app.inject({ url: '/metrics', headers: { authorization: `bearer ${token}` } })
    expect([answer.statusCode, answer.body.includes('smart_link_redirects_total 0')]).toEqual([200, true])
  })

  it('nobody at the host of short links', async () => {
    const { app } = await testApp({ env: { METRICS_TOKEN: token, SHORT_URL: 'https://s.example.com' } })
    const headers = { authorization, host: 's.example.com' }
    expect((await app.inject({ url: '/metrics', headers })).statusCode).toBe(404)
    expect((await app.inject({ url: '/metrics', headers: { authorization } })).statusCode).toBe(200)
  })
})
