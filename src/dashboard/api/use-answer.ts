import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { type Asking, keepAsking } from './again.js'
import { takeAhead } from './ahead.js'
import { ask, type Call } from './ask.js'
import { forgetRequest, noteRequest } from './on-screen.js'
import type { Problem } from './problem.js'

export interface Answer<T> {
  /** The newest that arrived; it stays while another is on its way, so that nothing jumps. */
  data: T | undefined
  /** Of the newest call. It is asked again by itself where that may help. */
  problem: Problem | undefined
  isLoading: boolean
  /** There is nothing to show, nor is it only on its way. */
  isMissing: boolean
}

interface AnswerOptions {
  /** Asked again when it changes, after the request under way. */
  pulse?: number
  isWanted?: boolean
}

interface Known<T> extends Omit<Answer<T>, 'isMissing'> {
  /** What the data answer. */
  question: string | undefined
}

/**
 * What the API answers to a call, asked again whenever `key` changes. An answer to what is not asked any more is dropped, and so
 * is an old one when the new question fails: it would be taken for the answer.
 *
 * @param key everything that the call depends on
 */
export function useAnswer<T>(
  call: Call<T>,
  key: unknown[],
  { pulse = 0, isWanted = true }: AnswerOptions = {},
): Answer<T> {
  const [{ question: _, ...answer }, setKnown] = useState<Known<T>>({
    data: undefined,
    question: undefined,
    problem: undefined,
    isLoading: isWanted,
  })
  const asking = useRef<Asking | undefined>(undefined)
  const id = useRef({})
  const question = JSON.stringify(key)
  // Stands before the next one: what only begins to be asked is not asked twice.
  useLayoutEffect(() => asking.current?.again(), [pulse])
  // Before the first picture, which takes a slow device as long as the answer takes to come.
  useLayoutEffect(() => {
    if (!isWanted) return
    asking.current = keepAsking({
      attempt: (signal) => takeAhead<T>(question) ?? ask(call, signal),
      onAsk: () =>
        setKnown((before) => {
          const problem = before.question === question ? before.problem : undefined
          return before.isLoading && before.problem === problem ? before : { ...before, problem, isLoading: true }
        }),
      onOutcome: (outcome) => {
        if ('problem' in outcome) {
          setKnown((before) => {
            const { data, problem } = before.question === question ? before : {}
            // The same words, however often it is tried: each change would be read out.
            const isSame = problem?.status === outcome.problem.status
            return { data, question, problem: isSame ? problem : outcome.problem, isLoading: false }
          })
          return outcome
        }
        noteRequest(id.current, outcome.url)
        setKnown({ data: outcome.data, question, problem: undefined, isLoading: false })
        return undefined
      },
    })
    return asking.current.stop
  }, [question, isWanted])
  useEffect(() => () => forgetRequest(id.current), [])
  return { ...answer, isMissing: answer.data === undefined && answer.problem !== undefined }
}
