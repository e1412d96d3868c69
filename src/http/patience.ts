import type { ServerResponse } from 'node:http'
import { Socket } from 'node:net'

export interface Patience {
  /** How long a piece may wait to be taken. */
  patienceMs: number
  /** The server stops: from then on nobody is waited for. */
  closing: AbortSignal
}

/** A reader that takes what is there has it by then. */
const lastCallMs = 1000

/**
 * Passes pieces of an endless answer on, one when the one before was taken, and cuts the connection of a reader that takes nothing:
 * it must not hold for ever what is held for it.
 */
export async function* takenInTime(
  pieces: AsyncIterable<string>,
  connection: ServerResponse,
  { patienceMs, closing }: Patience,
): AsyncGenerator<string> {
  const cut = () => connection.destroy()
  let lastCall: NodeJS.Timeout | undefined
  const call = () => {
    lastCall = setTimeout(cut, lastCallMs)
  }
  closing.addEventListener('abort', call)
  try {
    for await (const piece of pieces) {
      const timer = setTimeout(cut, patienceMs)
      try {
        yield piece
      } finally {
        clearTimeout(timer)
      }
    }
  } finally {
    closing.removeEventListener('abort', call)
    clearTimeout(lastCall)
  }
}

/**
 * Cuts the connection of a reader that takes nothing of what waits for it. A slow one is left alone, as long as it takes what the
 * system tells of: about a third of its buffer, a megabyte at most. So is one that has to wait for the server.
 */
export function cutWhenIdle(connection: ServerResponse, idleMs: number): void {
  const { socket } = connection
  if (!(socket instanceof Socket)) return
  connection.on('timeout', () => {
    if (socket.writableLength > 0) socket.resetAndDestroy()
  })
  // Begins anew with whatever is taken, of a piece that is not taken whole too.
  socket.setTimeout(idleMs)
}
