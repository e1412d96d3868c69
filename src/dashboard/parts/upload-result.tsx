import { useState } from 'preact/hooks'
import { loadPart } from '../load-part.js'
import { formatNumber } from '../numbers.js'
import { texts } from '../texts.js'
import type { Wanted } from '../upload/check-rows.js'
import type { Sheet } from '../upload/read-csv.js'
import type { Sent } from '../upload/send-rows.js'
import { Icon } from './icon.js'
import { ProblemNote } from './problem-note.js'
import { saveFile } from './save-file.js'

interface UploadResultProps {
  sheet: Sheet
  name: string
  wanted: Wanted[]
  sent: Sent
  onRetry: () => void
  onClose: () => void
}

/** What was made, to keep: the person's own file with short URLs to put into the messages. */
export function UploadResult({ sheet, name, wanted, sent, onRetry, onClose }: UploadResultProps) {
  const { upload } = texts
  const made = formatNumber(sent.made.length)
  const isWhole = sent.made.length === wanted.length
  const [problem, setProblem] = useState(sent.problem)
  const save = async () => {
    const loaded = await loadPart(import('../upload/result-csv.js'))
    if ('problem' in loaded) return setProblem(loaded.problem)
    setProblem(sent.problem)
    // Excel takes a file for UTF-8 only with this mark in front.
    const parts = ['\ufeff', loaded.part.resultCsv(sheet, wanted, sent.made)]
    saveFile(`${name.replace(/\.\w+$/, '')}-short-urls.csv`, parts, 'text/csv;charset=utf-8')
  }
  return (
    <>
      <ProblemNote problem={problem} />
      <p>{isWhole ? upload.done(made) : upload.partly(made, formatNumber(wanted.length))}</p>
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
