import { Distribution, secondsBounds } from '../measures.js'
import type { Poster } from './post.js'

/** How long requests to webhooks took, by what became of them: `2xx` to `5xx`, or `none` where there was no answer. */
export type PostTimes = Map<string, Distribution>

/** Measures all requests of a poster. */
export function timedPoster(poster: Poster, times: PostTimes): Poster {
  const add = (outcome: string, since: number) => {
    const known = times.get(outcome) ?? new Distribution(secondsBounds)
    times.set(outcome, known)
    known.add((performance.now() - since) / 1000)
  }
  return {
    async post(target, headers, body) {
      const since = performance.now()
      try {
        const answer = await poster.post(target, headers, body)
        add(`${Math.trunc(answer.status / 100)}xx`, since)
        return answer
      } catch (error) {
        add('none', since)
        throw error
      }
    },
    close: () => poster.close(),
  }
}
