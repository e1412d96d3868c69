/** Answers are given for so long, so that many who ask cost no more than one. */
const keptMs = 1_000
/** Whoever reads metrics does not wait for longer. */
const patienceMs = 2_000

/**
 * A question that costs something, asked when somebody wants to know, and never twice at once.
 *
 * @returns null when there is no answer, or none in time
 */
export function whenAsked<T>(ask: () => Promise<T>): () => Promise<T | null> {
  let answer: Promise<T | null> = Promise.resolve(null)
  let askedAt = -Infinity
  let isAsking = false
  return () => {
    if (!isAsking && performance.now() - askedAt > keptMs) {
      isAsking = true
      askedAt = performance.now()
      answer = ask()
        .catch(() => null)
        .finally(() => {
          isAsking = false
        })
    }
    const late = new Promise<null>((resolve) => setTimeout(resolve, patienceMs, null).unref())
    return Promise.race([answer, late])
  }
}
