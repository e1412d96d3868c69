/** Shorter ones are too near to what other programs call theirs. */
const shortestName = 6

/**
 * The setting that a variable was probably meant to be: `DATABSE_URL` is one letter left out, put in, changed or swapped away from
 * `DATABASE_URL`.
 *
 * @returns undefined where there is none that near
 */
export function nearName(given: string, known: readonly string[]): string | undefined {
  return known.find((name) => name.length >= shortestName && isOneAway(given, name))
}

function isOneAway(a: string, b: string): boolean {
  if (a === b || Math.abs(a.length - b.length) > 1) return false
  let from = 0
  while (from < Math.min(a.length, b.length) && a[from] === b[from]) from += 1
  const [restA, restB] = [a.slice(from), b.slice(from)]
  return (
    restA.slice(1) === restB ||
    restA === restB.slice(1) ||
    restA.slice(1) === restB.slice(1) ||
    (restA.slice(2) === restB.slice(2) && restA[0] === restB[1] && restA[1] === restB[0])
  )
}
