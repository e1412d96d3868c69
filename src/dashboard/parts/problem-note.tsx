import type { Problem } from '../api/problem.js'

/** What went wrong, where it went wrong. */
export function ProblemNote({ problem }: { problem: Problem | undefined }) {
  if (problem === undefined) return null
  return (
    <p class="note bad" role="alert">
      {problem.message}
    </p>
  )
}
