/**
 * A setup file of vitest. Test files share a process, so a file that leaves something behind fails itself instead of the next one:
 * a fake clock, a variable of the environment, another folder, a listener of the process, a timer, a socket, a child
 * process, an exit code.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, expect, vi } from 'vitest'

// Not `exit`: a log that is not written yet listens to it, whichever file opened it first.
const signals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'uncaughtException', 'unhandledRejection', 'warning'] as const
/** Each keeps a process from ending; vitest itself has none of them open between two files. */
const resources = ['Timeout', 'Immediate', 'TCPServerWrap', 'TCPSocketWrap', 'ProcessWrap', 'FSEventWrap']

const before = processState()

afterAll(async () => {
  const expected = { ...before, open: [] }
  // A socket that was closed is gone a moment later.
  for (let nth = 0; nth < 200 && JSON.stringify(processState()) !== JSON.stringify(expected); nth++) await wait(50)
  expect(processState()).toEqual(expected)
})

function processState() {
  return {
    hasFakeClock: vi.isFakeTimers(),
    folder: process.cwd(),
    exitCode: process.exitCode ?? null,
    environment: { ...process.env },
    listeners: signals.map((name) => `${name}: ${process.listenerCount(name)}`),
    open: process.getActiveResourcesInfo().filter((kind) => resources.includes(kind)),
  }
}
