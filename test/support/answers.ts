/** A setup file of vitest: a test that brought about an answer that is not documented has failed. */
import { afterEach, expect } from 'vitest'
import { holdAnswers } from './hold-answers.js'

const undocumented: string[] = []
holdAnswers((answer) => undocumented.push(answer))

afterEach(() => expect(undocumented.splice(0)).toEqual([]))
