import { useState } from 'preact/hooks'
import { loadPart } from '../load-part.js'
import { formatNumber } from '../numbers.js'
import { texts } from '../texts.js'
import type { Sent } from '../upload/send-rows.js'
import { Icon } from './icon.js'
import { ProblemNote } from './problem-note.js'
import { RowProblems } from './row-problems.js'
import { saveFile } from './save-file.js'

interface UploadResultProps {
  /** Of the columns. */
  names: string[]
  /** What the file is called. */
  file: string
  /** How many were to get short URLs. */
  all: number
  sent: Sent
  onRetry: () => void
  onClose: () => void
}

/** What was made, to keep: the person's own file with short URLs to put into the messages. */
export function UploadResult({ names, file, all, sent, onRetry, onClose }: UploadResultProps) {
  const { upload } = texts
  const made = formatNumber(sent.made.length)
  const { refused } = sent
  const isWhole = sent.made.length + refused.length === all
  const [problem, setProblem] = useState(sent.problem)
  const save = async () => {
    const loaded = await loadPart(import('../upload/result-csv.js'))
    if ('problem' in loaded) return setProblem(loaded.problem)
    setProblem(sent.problem)
    // Excel takes a file for UTF-8 only with this mark in front.
    const parts = ['\ufeff', loaded.part.resultCsv(names, sent.made)]
    saveFile(`${file.replace(/\.\w+$/, '')}-short-urls.csv`, parts, 'text/csv;charset=utf-8')
  }
  return (
    <>
      <ProblemNote problem={problem} />
      <p>{isWhole ? upload.done(made) : upload.partly(made, formatNumber(all))}</p>
      <RowProblems problems={refused} title={upload.refused} />
      <footer class="dialog-foot">
        {isWhole ? (
          <button type="button" class="button" onClick={onClose}>
            {upload.finish}
          </button>
        ) : (
          <button type="button" class="button" onClick={onRetry}>
            {upload.retry}
          </button>
        )}
        {sent.made.length > 0 && (
          <button type="button" class="button primary" onClick={save}>
            <Icon name="download" />
            {upload.download}
          </button>
        )}
      </footer>
    </>
  )
}
