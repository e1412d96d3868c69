import { formatNumber } from '../numbers.js'
import { texts } from '../texts.js'
import type { RowProblem } from '../upload/check-rows.js'

const most = 8

interface RowProblemsProps {
  problems: RowProblem[]
  /** What they have in common, for one and for several. */
  title: { one: string; several: (count: string) => string }
  /** Nothing is lost by them. */
  isHarmless?: boolean
}

/** Which rows of a file have something wrong with them, and what. */
export function RowProblems({ problems, title, isHarmless = false }: RowProblemsProps) {
  const { upload } = texts
  if (problems.length === 0) return null
  return (
    <div class={isHarmless ? 'note row-problems' : 'note bad row-problems'} role={isHarmless ? 'status' : 'alert'}>
      <p>{problems.length === 1 ? title.one : title.several(formatNumber(problems.length))}</p>
      <ul>
        {problems.slice(0, most).map(({ line, row, text }) => (
          <li key={line}>{upload.inRow(row, line, text)}</li>
        ))}
        {problems.length > most && <li>{upload.more(formatNumber(problems.length - most))}</li>}
      </ul>
    </div>
  )
}
