import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Columns } from '../../recipient-files/fields.js'
import type { GivenForm } from '../../recipient-files/open.js'
import { loadPart } from '../load-part.js'
import { formatNumber } from '../numbers.js'
import { texts } from '../texts.js'
import { type Checked, checkRows } from '../upload/check-rows.js'
import type { Sheet } from '../upload/read-csv.js'
import { type Sent, sendRows } from '../upload/send-rows.js'
import { announce } from './announce.js'
import { Dialog } from './dialog.js'
import { UploadChoice } from './upload-choice.js'
import { UploadPreview } from './upload-preview.js'
import { UploadProgress } from './upload-progress.js'
import { UploadResult } from './upload-result.js'

interface UploadDialogProps {
  linkId: number
  onClose: () => void
  onSent: () => void
}

interface Chosen {
  file: File
  sheet: Sheet
  given: GivenForm
}

/** A file → what is understood of it → short URLs, chunk by chunk → the file with them. */
export function UploadDialog({ linkId, onClose, onSent }: UploadDialogProps) {
  const [file, setFile] = useState<Chosen>()
  const [columns, setColumns] = useState<Columns>()
  const [done, setDone] = useState<number>()
  const [sent, setSent] = useState<Sent>()
  const [unreadable, setUnreadable] = useState<string>()
  const leave = useRef(new AbortController())
  useEffect(() => () => leave.current.abort(), [])
  const checked = useMemo<Checked | undefined>(() => file && columns && checkRows(file.sheet, columns), [file, columns])

  const choose = async (file: File, given: GivenForm = {}) => {
    const loaded = await loadPart(import('../upload/read-csv.js'))
    if ('problem' in loaded) return setUnreadable(loaded.problem.message)
    try {
      const sheet = await loaded.part.readCsv(file, given)
      if (typeof sheet === 'string') return setUnreadable(sheet)
      const isChange = Object.keys(given).length > 0
      if (sheet.records.length === 0 && !isChange) return setUnreadable(texts.upload.empty)
      setUnreadable(undefined)
      setColumns(sheet.columns)
      setFile({ file, sheet, given })
    } catch {
      setUnreadable(texts.upload.unreadable)
    }
  }
  const send = async ({ wanted }: Checked) => {
    setDone(0)
    leave.current = new AbortController()
    const outcome = await sendRows(linkId, wanted, setDone, leave.current.signal)
    setDone(undefined)
    // Also where it was stopped or has failed: what the last request brought may have been stored.
    onSent()
    // A try that came less far than the one before takes nothing away.
    const best = sent !== undefined && sent.made.length > outcome.made.length ? sent : outcome
    const next = { ...outcome, made: best.made, refused: best.refused }
    // Stopped before anything was made: nothing to show but the file again.
    const isNothing = next.made.length === 0 && next.refused.length === 0 && next.problem === undefined
    setSent(isNothing ? undefined : next)
    if (next.made.length === wanted.length) announce(texts.upload.done(formatNumber(wanted.length)))
  }
  return (
    <Dialog title={texts.upload.title} onClose={onClose}>
      {file === undefined || columns === undefined || checked === undefined ? (
        <UploadChoice problem={unreadable} onChoose={(given) => choose(given)} />
      ) : done !== undefined ? (
        <UploadProgress done={done} all={checked.wanted.length} onStop={() => leave.current.abort()} />
      ) : sent !== undefined ? (
        <UploadResult
          names={file.sheet.names}
          file={file.file.name}
          all={checked.wanted.length}
          sent={sent}
          onRetry={() => send(checked)}
          onClose={onClose}
        />
      ) : (
        <UploadPreview
          file={file.file.name}
          sheet={file.sheet}
          given={file.given}
          columns={columns}
          checked={checked}
          onColumns={setColumns}
          onForm={(given) => choose(file.file, given)}
          onBack={() => setFile(undefined)}
          onSend={() => send(checked)}
        />
      )}
    </Dialog>
  )
}
