import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { loadPart } from '../load-part.js'
import { formatNumber } from '../numbers.js'
import { texts } from '../texts.js'
import { type Checked, checkRows } from '../upload/check-rows.js'
import { type Columns, guessColumns } from '../upload/columns.js'
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
  name: string
  sheet: Sheet
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

  const choose = async (given: File) => {
    const loaded = await loadPart(import('../upload/read-csv.js'))
    if ('problem' in loaded) return setUnreadable(loaded.problem.message)
    try {
      const sheet = await loaded.part.readCsv(given)
      if (sheet.rows.length === 0) return setUnreadable(texts.upload.empty)
      setUnreadable(undefined)
      setColumns(guessColumns(sheet))
      setFile({ name: given.name, sheet })
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
    const made = sent !== undefined && sent.made.length > outcome.made.length ? sent.made : outcome.made
    // Stopped before anything was made: nothing to show but the file again.
    setSent(made.length > 0 || outcome.problem !== undefined ? { ...outcome, made } : undefined)
    if (made.length === wanted.length) announce(texts.upload.done(formatNumber(wanted.length)))
  }
  return (
    <Dialog title={texts.upload.title} onClose={onClose}>
      {file === undefined || columns === undefined || checked === undefined ? (
        <UploadChoice problem={unreadable} onChoose={choose} />
      ) : done !== undefined ? (
        <UploadProgress done={done} all={checked.wanted.length} onStop={() => leave.current.abort()} />
      ) : sent !== undefined ? (
        <UploadResult
          sheet={file.sheet}
          name={file.name}
          wanted={checked.wanted}
          sent={sent}
          onRetry={() => send(checked)}
          onClose={onClose}
        />
      ) : (
        <UploadPreview
          name={file.name}
          sheet={file.sheet}
          columns={columns}
          checked={checked}
          onColumns={setColumns}
          onBack={() => setFile(undefined)}
          onSend={() => send(checked)}
        />
      )}
    </Dialog>
  )
}
