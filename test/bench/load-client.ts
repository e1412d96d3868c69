/** The load process: keep-alive connections that each send the next request when the last is answered. */
import { connect, type Socket } from 'node:net'
import { AnswerReader } from './answer-reader.js'
import { runAutocannon } from './autocannon-load.js'
import type { LoadPlan, LoadReport } from './load-protocol.js'

process.on('message', (plan: LoadPlan) => {
  const work = plan.generator === 'autocannon' ? runAutocannon : run
  work(plan).then(
    (report) => process.send?.(report),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})
process.on('disconnect', () => process.exit())

async function run({
  port,
  paths,
  headers,
  variants = [{}],
  connections,
  seconds,
  first,
  rate,
}: LoadPlan): Promise<LoadReport> {
  const starts = paths.map((path) => `GET ${path} HTTP/1.1\r\n`)
  const heads = variants.map((variant) => headText({ host: `127.0.0.1:${port}`, ...headers, ...variant }))
  const times: number[] = []
  const statuses: Record<number, number> = {}
  let next = first
  let bytes = 0
  let broken = 0
  const begin = performance.now()
  let last = begin
  const end = begin + seconds * 1000

  const converse = (socket: Socket) =>
    new Promise<void>((resolve) => {
      let sent = 0
      let isDone = false
      // Of a paced load, a request for which no connection was free counts from when it was due: that is waiting, too.
      const send = () => {
        const now = performance.now()
        sent = rate === undefined ? now : begin + ((next - first) * 1000) / rate
        isDone = Math.max(now, sent) >= end
        if (isDone) return socket.destroy()
        const due = Math.floor(sent - now)
        next += 1
        const nth = next - 1
        if (due > 0) setTimeout(writeDue, due, nth)
        else write(nth)
      }
      // Timers are a millisecond late or early, which the server has no part in.
      const writeDue = (nth: number) => {
        sent = performance.now()
        write(nth)
      }
      const write = (nth: number) => {
        socket.write(`${starts[nth % starts.length]}${heads[nth % heads.length]}`, 'latin1')
      }
      const reader = new AnswerReader((status, length) => {
        const now = performance.now()
        statuses[status] = (statuses[status] ?? 0) + 1
        times.push(now - sent)
        bytes += length
        last = now
        send()
      })
      socket.setNoDelay(true)
      socket.on('data', (chunk: Buffer) => reader.read(chunk))
      socket.on('error', () => {})
      socket.on('close', () => {
        if (!isDone) broken += 1
        resolve()
      })
      socket.on('connect', send)
    })

  await Promise.all(Array.from({ length: connections }, () => converse(connect(port, '127.0.0.1'))))
  times.sort((a, b) => a - b)
  const quantile = (share: number) => times[Math.floor(times.length * share)] ?? Number.NaN
  return {
    // Requests under way at the end are waited for: of a slow server they may be all there are.
    perSecond: last > begin ? (times.length * 1000) / (last - begin) : 0,
    p50: quantile(0.5),
    p99: quantile(0.99),
    requests: times.length,
    bytes: times.length === 0 ? 0 : bytes / times.length,
    statuses,
    broken,
  }
}

function headText(headers: Record<string, string>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${lines.join('')}\r\n`
}
