/** Loaded into servers that are processes of their own: they say which of their answers are not documented. */
import { holdAnswers } from './hold-answers.js'

holdAnswers((answer) => process.stderr.write(`undocumented answer: ${answer}\n`))
