import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { ask, type Call } from './ask.js'
import { forgetRequest, noteRequest } from './on-screen.js'
import type { Problem } from './problem.js'

export interface Answer<T> {
  /** The newest that arrived; it stays while another is on its way, so that nothing jumps. */
  data: T | undefined
  problem: Problem | undefined
  isLoading: boolean
}

/**
 * What the API answers to a call, asked again whenever `key` changes. An answer to what is not asked any more is dropped.
 *
 * @param key everything that the call depends on
 */
export function useAnswer<T>(call: Call<T>, key: unknown[], isWanted = true): Answer<T> {
  const [answer, setAnswer] = useState<Answer<T>>({ data: undefined, problem: undefined, isLoading: isWanted })
  const id = useRef({})
  // Before the first picture, which takes a slow device as long as the answer takes to come.
  useLayoutEffect(() => {
    if (!isWanted) return
    const leave = new AbortController()
    setAnswer((before) => (before.isLoading ? before : { ...before, isLoading: true }))
    ask(call, leave.signal).then(
      (outcome) => {
        if (leave.signal.aborted) return
        if ('problem' in outcome) {
          setAnswer((before) => ({ data: before.data, problem: outcome.problem, isLoading: false }))
          return
        }
        noteRequest(id.current, outcome.url)
        setAnswer({ data: outcome.data, problem: undefined, isLoading: false })
      },
      () => {},
    )
    return () => leave.abort()
  }, [JSON.stringify(key), isWanted])
  useEffect(() => () => forgetRequest(id.current), [])
  return answer
}
