import { api } from '../session.js'
import { ask, type Outcome, type Question } from './ask.js'

const asked = new Map<string, Promise<Outcome<unknown>>>()

/** Asks before there is a page that does. Resolves when all is answered; at once where there is no session. */
export async function askAhead(questions: Question<unknown>[]): Promise<void> {
  if (api.value === null) return
  for (const { call, key } of questions) asked.set(JSON.stringify(key), ask(call))
  await Promise.all(asked.values())
}

/** What was asked ahead, for the first who asks the same. */
export function takeAhead<T>(question: string): Promise<Outcome<T>> | undefined {
  const outcome = asked.get(question)
  asked.delete(question)
  return outcome as Promise<Outcome<T>> | undefined
}

/** What nobody has asked for when the page is there would be old when somebody does. */
export function forgetAhead(): void {
  asked.clear()
}
