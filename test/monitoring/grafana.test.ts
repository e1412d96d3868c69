import { readFileSync } from 'node:fs'
import type { SyntaxNode } from '@lezer/common'
import { parser } from '@prometheus-io/lezer-promql'
import { expect, it } from 'vitest'
import { testSecret } from '../support/app.js'
import { testDatabase } from '../support/database.js'
import { startReceiver } from '../support/receiver.js'
import { startServerProcess } from '../support/server-process.js'
import { chromeOnMac, newWebhook, storeLink } from '../support/visits.js'

interface Panel {
  id: number
  title: string
  type: string
  targets?: { expr: string }[]
}

const dashboard = JSON.parse(readFileSync(new URL('../../docs/grafana.json', import.meta.url), 'utf8')) as {
  panels: Panel[]
  templating: { list: { name: string; query: unknown }[] }
}

const expressions = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => [title, expr] as const),
)

/** As Grafana sends it. */
const filledIn = (expression: string) => expression.replaceAll('$__rate_interval', '5m')

function nodes(expression: string, name: string): SyntaxNode[] {
  const found: SyntaxNode[] = []
  parser.parse(expression).iterate({
    enter: ({ node, type }) => {
      if (type.name === name || (name === 'error' && type.isError)) found.push(node)
    },
  })
  return found
}

interface Series {
  name: string
  labels: Record<string, string>
}

/** What a server tells after a page, an opening and a webhook, and one with a queue. */
async function seriesOfServers(): Promise<Series[]> {
  const { db, url } = await testDatabase()
  const receiver = await startReceiver()
  const webhookId = await newWebhook(db, 26, receiver.url)
  await storeLink(db, 26, 21, { webhookId })
  const env = { DATABASE_URL: url, JWT_SECRET: testSecret, METRICS_PORT: '0', WEBHOOK_ALLOW_PRIVATE: 'on' }
  // Nobody is there: what it tells is.
  const servers = [startServerProcess(env), startServerProcess({ ...env, NATS_URL: 'nats://127.0.0.1:1' })]
  const [address] = await Promise.all(servers.map((server) => server.address()))
  const headers = { 'user-agent': chromeOnMac.userAgent ?? '' }
  expect((await fetch(`${address}/link26x21`, { headers, redirect: 'manual' })).status).toBe(302)
  expect((await fetch(`${address}/link/urls/21/visits`)).status).toBe(401)
  await expect.poll(() => receiver.received.length).toBe(1)
  const read = async () => {
    const places = await Promise.all(servers.map(({ said }) => said(/Metrics at (http:[^"]+)/)))
    return (await Promise.all(places.map(async (place) => (await fetch(place)).text()))).join('\n')
  }
  // The server with a queue also has work, and may be the one that posts.
  await expect.poll(read).toContain('smart_link_webhook_request_duration_seconds_count')
  return [...(await read()).matchAll(/^([a-z_\d]+)(?:\{(.*)\})? /gm)].map(([, name = '', labels = '']) => ({
    name,
    labels: Object.fromEntries(
      [...labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, value]) => [key, value]),
    ),
  }))
}

/** Labels that Prometheus adds. */
const ofPrometheus = ['job', 'instance']

it('asks in PromQL that parses', () => {
  expect(expressions.length).toBeGreaterThan(40)
  for (const [title, expression] of expressions) {
    expect([title, expression, nodes(filledIn(expression), 'error').length]).toEqual([title, expression, 0])
  }
  expect(nodes('sum(rate(a{b="c"}[5m])', 'error').length).toBeGreaterThan(0)
})

it('asks for nothing that a server does not tell', async () => {
  const series = await seriesOfServers()
  for (const [title, expression] of expressions) {
    const text = filledIn(expression)
    const selectors = nodes(text, 'VectorSelector')
    expect(selectors.length).toBeGreaterThan(0)
    const chosen = selectors.flatMap((selector) => {
      const name = text.slice(selector.from, selector.to).split('{')[0]
      const matchers = [...text.slice(selector.from, selector.to).matchAll(/([a-z_]+)(=~|!~|!=|=)"([^"]*)"/g)]
      const matches = ({ labels }: Series) =>
        matchers.every(([, label = '', operator, value = '']) => {
          if (ofPrometheus.includes(label)) return true
          const is = operator?.endsWith('~')
            ? new RegExp(`^(?:${value})$`).test(labels[label] ?? '')
            : labels[label] === value
          return operator?.startsWith('!') ? !is : is
        })
      const found = series.filter((one) => one.name === name && matches(one))
      // Of caches that nobody has asked yet there is nothing to be seen.
      expect([title, name, found.length > 0]).toEqual([title, name, true])
      return found
    })
    const grouped = nodes(text, 'GroupingLabels').flatMap((node) => text.slice(node.from + 1, node.to - 1).split(','))
    for (const label of grouped.map((one) => one.trim()).filter((one) => !ofPrometheus.includes(one))) {
      expect([title, label, chosen.some(({ labels }) => label in labels)]).toEqual([title, label, true])
    }
  }
})

it('has every panel once, and uses no variable that it does not have', () => {
  const ids = dashboard.panels.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  const known = dashboard.templating.list.map(({ name }) => name)
  const used = [...JSON.stringify(dashboard).matchAll(/\$(?:\{(\w+)\}|(\w+))/g)].map(
    ([, braced, bare]) => braced ?? bare,
  )
  const builtIn = ['__rate_interval', '__all']
  expect([...new Set(used)].filter((name) => !known.includes(name ?? '') && !builtIn.includes(name ?? ''))).toEqual([])
})
