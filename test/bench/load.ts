import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { LoadPlan, LoadReport } from './load-protocol.js'

/** Sends requests from a process of its own, one plan at a time. */
export interface LoadClient {
  measure(plan: LoadPlan): Promise<LoadReport>
  close(): void
}

export function startLoadClient(): LoadClient {
  const child = fork(fileURLToPath(new URL('./load-client.ts', import.meta.url)))
  return {
    measure: (plan) => {
      const report = nextMessage(child)
      child.send(plan)
      return report
    },
    close: () => child.disconnect(),
  }
}

function nextMessage(child: ChildProcess): Promise<LoadReport> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`the load process ended with ${code}`))
    child.once('exit', ended)
    child.once('message', (message) => {
      child.off('exit', ended)
      resolve(message as LoadReport)
    })
  })
}
