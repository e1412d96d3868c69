/** A setup file of vitest: a test that brought about an answer that is not documented has failed. */
import { afterEach, expect } from 'vitest'
import { holdAnswers } from './hold-answers.js'

declare global {
  /** Answers that are not documented, of all apps of this process: files share it, and each runs this anew. */
  var undocumentedAnswers: string[] | undefined
}

if (globalThis.undocumentedAnswers === undefined) {
  const found: string[] = []
  globalThis.undocumentedAnswers = found
  holdAnswers((answer) => found.push(answer))
}

afterEach(() => expect(globalThis.undocumentedAnswers?.splice(0)).toEqual([]))
