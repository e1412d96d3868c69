import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { NewVisit } from '../../src/visits/visit.js'
import { programFile } from './programs.js'
import type { WriterAnswer, WriterOrder } from './visit-writer.js'

let started = 0

/** A process that appends visits, as one of several servers would. */
export class Writer {
  /** What its connection is called in pg_stat_activity. */
  readonly name = `writer ${process.pid} ${++started}`
  readonly #child: ChildProcess
  readonly #ready: Promise<unknown>

  constructor(databaseUrl: string) {
    const url = new URL(databaseUrl)
    url.searchParams.set('application_name', this.name)
    this.#child = fork(programFile('visit-writer'), [url.href], { execArgv: [], serialization: 'advanced' })
    this.#ready = once(this.#child, 'message')
  }

  /**
   * Appends batches one after the other.
   *
   * @param answered called with the number of batches that have committed, after each
   * @returns how many were answered: all, unless the process was killed
   */
  async append(ownerId: number, batches: NewVisit[][], answered: (count: number) => void = () => {}): Promise<number> {
    await this.#ready
    let count = 0
    const child = this.#child
    return new Promise((resolve, reject) => {
      const finish = () => {
        child.off('message', hear).off('disconnect', finish)
        resolve(count)
      }
      const hear = (message: WriterAnswer) => {
        if ('failure' in message) return reject(new Error(message.failure))
        answered(++count)
        if (count === batches.length) finish()
      }
      child.on('message', hear).on('disconnect', finish)
      const order: WriterOrder = { ownerId, batches }
      child.send(order)
    })
  }

  /** kill -9. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }
}
