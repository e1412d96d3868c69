import { formatNumber } from '../numbers.js'
import { texts } from '../texts.js'
import type { RowProblem } from '../upload/check-rows.js'

const most = 8

/** Which rows of a file cannot be sent, and why. */
export function RowProblems({ problems }: { problems: RowProblem[] }) {
  const { upload } = texts
  if (problems.length === 0) return null
  return (
    <div class="note bad row-problems" role="alert">
      <p>{problems.length === 1 ? upload.problem : upload.problems(formatNumber(problems.length))}</p>
      <ul>
        {problems.slice(0, most).map(({ row, text }) => (
          <li key={row}>{upload.inRow(row, text)}</li>
        ))}
        {problems.length > most && <li>{upload.more(formatNumber(problems.length - most))}</li>}
      </ul>
    </div>
  )
}
