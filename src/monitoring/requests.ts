import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Registry } from 'prom-client'
import { Distribution, secondsBounds } from '../measures.js'
import { addCounter, addHistogram, type Labels } from './metric.js'

interface RouteTimes {
  route: string
  method: string
  opensLinks: boolean
  /** By the first digit of the status: 1xx to 5xx. */
  byClass: (Distribution | undefined)[]
}

/**
 * Measures how long answers of all routes take that are added from now on. Each route has a hook and numbers of its own, so
 * that nothing is looked up while a request is answered.
 */
export function measureRequests(registry: Registry, app: FastifyInstance): void {
  const routes: RouteTimes[] = []
  const timesOf = (route: string, method: string, opensLinks: boolean) => {
    const times: RouteTimes = { route, method, opensLinks, byClass: [] }
    routes.push(times)
    return times
  }
  const missing = timesOf('*', '*', false)

  app.addHook('onRoute', (options) => {
    const verbs = [options.method].flat()
    const method = verbs.length === 1 ? String(verbs[0]) : '*'
    const times = timesOf(options.url, method, options.config?.opensLinks === true)
    options.onResponse = [
      (_: FastifyRequest, reply: FastifyReply, done: () => void) => {
        count(times, reply)
        done()
      },
      ...[options.onResponse ?? []].flat(),
    ]
  })
  app.addHook('onResponse', (request, reply, done) => {
    if (request.is404) count(missing, reply)
    done()
  })

  addHistogram(
    registry,
    { name: 'smart_link_http_request_duration_seconds', help: 'From the head of a request to the end of its answer.' },
    () => routes.flatMap(labelledTimes),
  )
  addCounter(
    registry,
    { name: 'smart_link_redirects_total', help: 'Openings of short links that were sent on, also to a fallback.' },
    () => routes.reduce((sum, { opensLinks, byClass }) => sum + (opensLinks ? countOf(byClass[3]) : 0), 0),
  )
}

function count({ byClass }: RouteTimes, reply: FastifyReply): void {
  const index = Math.trunc(reply.statusCode / 100)
  let times = byClass[index]
  if (times === undefined) {
    times = new Distribution(secondsBounds)
    byClass[index] = times
  }
  times.add(reply.elapsedTime / 1000)
}

function labelledTimes({ route, method, byClass }: RouteTimes): [Labels, Distribution][] {
  return byClass.flatMap((times, index): [Labels, Distribution][] =>
    times === undefined ? [] : [[{ method, route, status: `${index}xx` }, times]],
  )
}

function countOf(times: Distribution | undefined): number {
  return times?.counts.reduce((sum, inRange) => sum + inRange, 0) ?? 0
}
